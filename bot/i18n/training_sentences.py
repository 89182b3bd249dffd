"""What the bot says about plans and trainings, in Japanese and in English."""

TRAININGS: dict[str, tuple[str, str]] = {
    "plan.working": (
        "学習の計画を立てています…できたらここに表示します。",
        "Working out the plan of the training… It will appear here.",
    ),
    "plan.repeat": (
        "この計画はすでに受け付けています。",
        "This plan was taken already.",
    ),
    "plan.title": ("学習の計画: {output}", "Training plan: {output}"),
    "plan.data": ("*データ*\n{data}", "*Data*\n{data}"),
    "plan.rows": (
        "*行数*\n学習 {rows} 行 · 評価 {validation} 行",
        "*Rows*\n{rows} to train on · {validation} held out",
    ),
    "plan.tokens": ("*トークン*\n{tokens}", "*Tokens*\n{tokens}"),
    "plan.steps": (
        "*ステップ*\n{steps}（{epochs}エポック、1ステップ {batch} 行）",
        "*Steps*\n{steps} (epochs: {epochs}, rows each: {batch})",
    ),
    "plan.duration": ("*所要時間*\n約{duration}", "*Duration*\nabout {duration}"),
    "plan.duration_unknown": (
        "*所要時間*\n学習が始まると測定します",
        "*Duration*\nmeasured when the training starts",
    ),
    "plan.memory": (
        "*メモリー*\n約{memory}（空き {available}）",
        "*Memory*\nabout {memory} ({available} free)",
    ),
    "plan.memory_short": (
        "*メモリー*\n約{memory}（空きは {available} しかありません）",
        "*Memory*\nabout {memory} (only {available} free)",
    ),
    "plan.output": ("*アダプター名*\n{output}", "*Adapter*\n{output}"),
    "plan.model": (
        "*元のモデル*\n{model}（{style}、{precision}）",
        "*Base model*\n{model} ({style}, {precision})",
    ),
    "plan.dropped": ("除外した行: {dropped}（{reasons}）", "Rows left out: {dropped} ({reasons})"),
    "plan.cut": (
        "{cutoff} トークンに切り詰めた行: {cut}",
        "Rows cut to {cutoff} tokens: {cut}",
    ),
    "plan.keeping_cutoff": (
        "`cutoff={cutoff}` にすると、行の 95 % がそのまま残ります。",
        "`cutoff={cutoff}` would leave 95 % of the rows whole.",
    ),
    "plan.replayed": (
        "忘れにくくするため、毎エポック元のモデルの答えを {rows} 行混ぜます。",
        "So that less is forgotten, the model's own answers are replayed in each epoch: {rows}.",
    ),
    "plan.reason": ("{why}: {count}", "{count} {why}"),
    "dropped.without an instruction": ("指示がない", "without an instruction"),
    "dropped.without an answer": ("答えがない", "without an answer"),
    "dropped.repeated": ("重複", "repeated"),
    "dropped.whose question alone reaches --cutoff-len": (
        "質問だけで長さの上限に達する",
        "whose question alone reaches the cutoff",
    ),
    "dropped.that are held out": ("評価データと同じ", "that are held out"),
    "dropped.that are in the exam": ("試験の問題と同じ", "that are in the exam"),
    "plan.started_at_once": (
        "1時間以内に終わる見込みなので、確認なしで始めます。",
        "It should take at most an hour, so it starts without asking.",
    ),
    "plan.started_by": ("<@{user}> が開始しました。", "Started by <@{user}>."),
    "plan.discarded_by": ("<@{user}> が破棄しました。", "Discarded by <@{user}>."),
    "plan.expired": (
        "この計画は期限切れです。もう一度 `/swallow-train` を実行してください。",
        "This plan has expired. Run `/swallow-train` again.",
    ),
    "plan.already_started": (
        "この学習はすでに開始されています。",
        "This training has been started already.",
    ),
    "plan.already_discarded": (
        "この計画はすでに破棄されています。もう一度 `/swallow-train` を実行してください。",
        "This plan has been discarded already. Run `/swallow-train` again.",
    ),
    "button.start": ("学習を開始", "Start training"),
    "button.discard": ("破棄", "Discard"),
    "button.cancel": ("学習を中止", "Cancel training"),
    "button.use": ("このアダプターを使う", "Use this adapter"),
    "button.use_anyway": ("それでも使う", "Use it all the same"),
    "confirm.title": ("学習を中止しますか？", "Cancel this training?"),
    "confirm.text": (
        "最後のチェックポイントは残るので、あとで再開できます。",
        "Its last checkpoint is kept, so that it can be resumed later.",
    ),
    "confirm.yes": ("中止する", "Cancel it"),
    "confirm.no": ("続ける", "Let it run"),
    "training.title": ("学習中: {output}", "Training: {output}"),
    "training.title.waiting": ("学習待ち: {output}", "Training waits: {output}"),
    "training.title.finished": ("学習完了: {output}", "Training finished: {output}"),
    "training.title.failed": ("学習失敗: {output}", "Training failed: {output}"),
    "training.title.cancelled": ("学習中止: {output}", "Training cancelled: {output}"),
    "training.waiting": (
        "順番を待っています（前に{ahead}件）。",
        "Waiting in line: {ahead} ahead.",
    ),
    "training.next": ("まもなく始まります。", "It starts next."),
    "training.no_worker": (
        "学習用のワーカーの起動を待っています。",
        "Waiting for a training worker to start.",
    ),
    "training.loading": ("モデルを読み込んでいます…", "Loading the model…"),
    "training.memory": (
        "⏸ メモリーが空くのを待っています（必要 約{needed} GB、空き {free} GB）…",
        "⏸ waiting for memory: about {needed} GB are needed and {free} GB are free…",
    ),
    "training.measuring": ("元のモデルを測定しています…", "Measuring the base model…"),
    "training.answering": (
        "忘れにくくするため、元のモデルに一般的な質問へ答えさせています（{done}/{questions}）…",
        "The base model answers general questions, so that less is forgotten: {done} of {questions}…",
    ),
    "training.evaluating": (
        "元のモデルと比べて評価しています…",
        "Evaluating: comparing with the base model…",
    ),
    "training.held": (
        "⏸ 質問に答えているあいだ一時停止中",
        "⏸ standing still while a question is answered",
    ),
    "training.step": ("ステップ {step}/{steps}", "step {step}/{steps}"),
    "training.loss": ("損失 {loss}", "loss {loss}"),
    "training.validation_loss": ("評価損失 {loss}", "validation loss {loss}"),
    "training.speed": ("{speed} トークン/秒", "{speed} tokens/s"),
    "training.elapsed": ("経過 {duration}", "{duration} elapsed"),
    "training.left": ("残り約{duration}", "about {duration} left"),
    "training.checkpoint": ("チェックポイント: ステップ {step}", "checkpoint at step {step}"),
    "training.attempt": ("{attempt}回目の試行", "attempt {attempt}"),
    "training.by": ("<@{user}> が開始", "started by <@{user}>"),
    "training.took": ("所要時間 {duration}", "Took {duration}"),
    "milestone.started": ("学習を始めました。", "The training has started."),
    "milestone.resumed": (
        "ステップ {step} から再開しました。",
        "Resumed at step {step}.",
    ),
    "milestone.again": (
        "ワーカーが止まったため、最初からやり直しています。",
        "The worker stopped, so the training starts over.",
    ),
    "milestone.quarter": (
        "{percent}% まで進みました（{figures}）。",
        "{percent} % done ({figures}).",
    ),
    "verdict.better": (
        "元のモデルより良くなりました。",
        "Better than the base model.",
    ),
    "verdict.worse": (
        "元のモデルより悪くなりました。使わないことをお勧めします。",
        "Worse than the base model; better not use it.",
    ),
    "verdict.no clear difference": (
        "元のモデルとはっきりした差はありません。",
        "No clear difference to the base model.",
    ),
    "verdict.unknown": (
        "評価用の行がないため、良くなったかどうかは分かりません。",
        "Nothing was held out, so nobody knows whether it helped.",
    ),
    "verdict.short.better": ("改善", "better"),
    "verdict.short.worse": ("悪化", "worse"),
    "verdict.short.no clear difference": ("はっきりした差なし", "no clear difference"),
    "verdict.short.unknown": ("評価なし", "not evaluated"),
    "exam.learned": (
        "直した{corrections}件のうち{learned}件を覚えました（言い換えて聞いても同じです）。",
        "{learned} of {corrections} corrections learned, also when asked in other words.",
    ),
    "exam.learned_partly": (
        "直した{corrections}件のうち{learned}件を覚えました（そのうち{reworded}件は言い換えて聞いても同じです）。",
        "{learned} of {corrections} corrections learned, {reworded} of these also when asked in other words.",
    ),
    "exam.nothing_learned": (
        "直した{corrections}件のうち、覚えたものはありません。",
        "None of {corrections} corrections learned.",
    ),
    "exam.others": (
        "ほかの{others}件のうち{unchanged}件の答えは、前と同じか良くなりました。",
        "{unchanged} of {others} other answers unchanged or better.",
    ),
    "exam.no_others": (
        "ほかの質問は試していないため、忘れたことがあるかどうかは分かりません。",
        "No other question was asked, so nobody knows what it has forgotten.",
    ),
    "evaluation.reason.uncertain": (
        "変化は誤差の範囲内です。",
        "The change is within its uncertainty.",
    ),
    "evaluation.reason.question_unused": (
        "正しい答えは出やすくなりましたが、質問に応じて答えるようにはなっていません。",
        "The true answers became likelier, but they depend on their questions no more than before.",
    ),
    "evaluation.reason.few_rows": (
        "評価用の行が少なすぎて、判定できません。",
        "Too few rows were held out to tell.",
    ),
    "evaluation.reason.known": (
        "評価用の答えは、元のモデルがもともと出す答えと同じです。",
        "The held-out answers are those that the base model gives already.",
    ),
    "evaluation.loss": (
        "評価データの損失 {before} → {after}",
        "held-out loss {before} → {after}",
    ),
    "evaluation.difference": (
        "差 {value}、95 % 区間 {low} 〜 {high}",
        "difference {value}, 95 % interval {low} to {high}",
    ),
    "evaluation.question": (
        "質問が答えの予測に役立つ割合 {before} % → {after} %（差 {value}、95 % 区間 {low} 〜 {high} ポイント）",
        "share of the answer that the question explains {before} % → {after} % (difference {value}, 95 % interval {low} to {high} points)",
    ),
    "evaluation.rows": (
        "評価 {rows} 行・{tokens} トークン",
        "{rows} rows held out, {tokens} tokens",
    ),
    "sides.title": ("同じ質問への答え（学習前と学習後）", "The same questions, before and after"),
    "sides.base": ("*元のモデル*\n{answer}", "*Base model*\n{answer}"),
    "sides.adapter": ("*{name}*\n{answer}", "*{name}*\n{answer}"),
    "sides.nothing": ("（答えなし）", "(no answer)"),
    "curve.title": ("損失の推移: {output}", "Loss of {output}"),
    "training_failed.training": ("学習できませんでした。{detail}", "The training failed. {detail}"),
    "training_failed.plan": (
        "計画を立てられませんでした。{detail}",
        "No plan could be made. {detail}",
    ),
    "training_failed.dataset": (
        "データセット「{name}」がありません。使えるもの: {known}",
        "There is no dataset “{name}”. There are: {known}",
    ),
    "training_failed.no_feedback": (
        "学習用に承認された行がまだありません。承認待ち: {proposed} 件",
        "No row of feedback is approved for training yet. Waiting for approval: {proposed}.",
    ),
    "training_failed.rows_removed": (
        "{by} が、学習データのうち {rows} 件を削除しました。そのためこの学習は再開できず、途中までに学習した内容は破棄されました。残りの行で学習するには、`/swallow-train` で新しい学習を始めてください。",
        "{by} removed {rows} of the rows that this training learns from, so it cannot go on, and what it had learned was discarded. To learn from the rows that are left, start a new one with `/swallow-train`.",
    ),
    "training_failed.rows_gone": (
        "学習データのうち {rows} 件が削除されました。そのためこの学習は再開できず、途中までに学習した内容は破棄されました。残りの行で学習するには、`/swallow-train` で新しい学習を始めてください。",
        "{rows} of the rows that this training learns from were removed, so it cannot go on, and what it had learned was discarded. To learn from the rows that are left, start a new one with `/swallow-train`.",
    ),
    "training_failed.no_datasets": ("（まだありません）", "(none yet)"),
    "training_failed.lost": (
        "{attempts}回続けてワーカーが止まりました。サーバーのログを確認してください。",
        "The worker died {attempts} times in a row. Look at the log on the server.",
    ),
    "training_failed.queue_full": (
        "すでに{limit}件が並んでいるため、受け付けられませんでした。",
        "{limit} are waiting already, so this one was not taken.",
    ),
    "training_failed.model_missing": (
        "モデルが見つかりません。サーバーで `swallow doctor` を実行してください。",
        "The model is missing. Run `swallow doctor` on the server.",
    ),
    "training_failed.setting": (
        "設定に誤りがあります。サーバーで `swallow doctor` を実行してください。",
        "A setting is wrong. Run `swallow doctor` on the server.",
    ),
    "training_failed.internal": (
        "問題が起きました。サーバーのログを確認してください。",
        "Something went wrong. Look at the log on the server.",
    ),
    "training.resume_with": (
        "ステップ {step} のチェックポイントから `/swallow-train resume {training}` で再開できます。",
        "`/swallow-train resume {training}` goes on from the checkpoint at step {step}.",
    ),
    "training.no_checkpoint": (
        "チェックポイントはまだありませんでした。",
        "There was no checkpoint yet.",
    ),
    "training.cancelled_by": ("<@{user}> が中止しました。", "Cancelled by <@{user}>."),
    "training.cancelled": ("中止されました。", "Cancelled."),
    "training.unshown": (
        "学習は終わりましたが、結果の表示をSlackに拒否されました。`/swallow-adapter list` で確認してください。",
        "The training has ended, but Slack would not show its result. See `/swallow-adapter list`.",
    ),
    "training.undeliverable": (
        "問題が起きて、この学習の結果をここに表示できませんでした。`/swallow-train status` と "
        "`/swallow-adapter list` で確認してください。続く場合はサーバーのログを確認してください。",
        "Something went wrong, and what became of this training could not be shown here. See "
        "`/swallow-train status` and `/swallow-adapter list`; if it goes on, look at the log on the "
        "server.",
    ),
    "plan.unshown": (
        "計画はできましたが、表示をSlackに拒否されました。",
        "The plan is there, but Slack would not show it.",
    ),
    "plan.cancelled": ("計画の作成を取りやめました。", "The plan was cancelled."),
    "status.none": (
        "実行中の学習も待機中の学習もありません。",
        "No training runs or waits.",
    ),
    "status.running": (
        "• `{id}` *{output}* — {figures}",
        "• `{id}` *{output}* — {figures}",
    ),
    "status.resumable": (
        "再開できる学習: {trainings}",
        "Can be resumed: {trainings}",
    ),
    "cancel.none": ("中止できる学習はありません。", "There is no training to cancel."),
    "cancel.which": (
        "学習が複数あります。IDを指定してください:",
        "There are several trainings; say which by its id:",
    ),
    "cancel.unknown": (
        "`{id}` という学習は実行中でも待機中でもありません。",
        "No training `{id}` runs or waits.",
    ),
    "cancel.told": (
        "学習 `{id}` を中止します。最後のチェックポイントは残ります。",
        "Training `{id}` is told to stop. Its last checkpoint is kept.",
    ),
    "resume.none": ("再開できる学習はありません。", "There is no training to resume."),
    "resume.unknown": (
        "`{id}` という学習は再開できません。再開できるもの: {known}",
        "Training `{id}` cannot be resumed. These can: {known}",
    ),
    "resume.begun": (
        "*{output}* の学習をステップ {step} から再開します。",
        "The training of *{output}* goes on after step {step}.",
    ),
}
