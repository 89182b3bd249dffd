"""What the bot says about slash commands and adapters, in Japanese and in English."""

COMMANDS: dict[str, tuple[str, str]] = {
    "usage.see": (
        "使い方は `{command} help` で表示できます。",
        "`{command} help` shows how it is used.",
    ),
    "usage.train": (
        "使い方（管理者用）:\n"
        "• `/swallow-train` — 学習のフォームを開きます\n"
        "• `/swallow-train epochs=1` — 学習の計画を立てます\n"
        "　指定できるもの: `data=名前 output=名前 epochs= lr= r= alpha= dropout= cutoff= batch= micro_batch= val= keep= method= seed=`\n"
        "• `/swallow-train status` — 実行中と待機中の学習\n"
        "• `/swallow-train cancel [ID]` — 学習を止めます（途中経過は残ります）\n"
        "• `/swallow-train resume [ID]` — 止まった学習を続きから再開します",
        "Usage, for admins:\n"
        "• `/swallow-train` — open the form of a training\n"
        "• `/swallow-train epochs=1` — work out the plan of a training\n"
        "   with any of `data=NAME output=NAME epochs= lr= r= alpha= dropout= cutoff= batch= micro_batch= val= keep= method= seed=`\n"
        "• `/swallow-train status` — what trains and what waits\n"
        "• `/swallow-train cancel [ID]` — stop a training; its last checkpoint is kept\n"
        "• `/swallow-train resume [ID]` — go on with one that was stopped",
    ),
    "usage.adapter": (
        "使い方（管理者用。`list` はだれでも使えます）:\n"
        "• `/swallow-adapter list` — アダプターの一覧\n"
        "• `/swallow-adapter show 名前` — 学習の内容と評価\n"
        "• `/swallow-adapter use 名前` — 次の質問からこのアダプターで答えます\n"
        "• `/swallow-adapter off` — 元のモデルで答えます\n"
        "• `use 名前 here`、`off here` — このチャンネルだけ\n"
        "• `/swallow-adapter compare 名前 質問` — 元のモデルとアダプターの両方に答えさせます\n"
        "• `/swallow-adapter compare 名前` — 試験の答えを、名前を伏せて投票で比べます\n"
        "• `/swallow-adapter remove 名前` — アダプターを削除します",
        "Usage, for admins (`list` is for everybody):\n"
        "• `/swallow-adapter list` — all adapters\n"
        "• `/swallow-adapter show NAME` — how one was trained and what its evaluation found\n"
        "• `/swallow-adapter use NAME` — answer with it from the next question on\n"
        "• `/swallow-adapter off` — answer with the base model\n"
        "• `use NAME here`, `off here` — the same for this channel only\n"
        "• `/swallow-adapter compare NAME QUESTION` — let the base model and the adapter both answer\n"
        "• `/swallow-adapter compare NAME` — let people vote on the answers of its exam, without names\n"
        "• `/swallow-adapter remove NAME` — delete one",
    ),
    "wrong.unknown": (
        "`{word}` という指定はありません。`名前=値` の形で書いてください。",
        "`{word}` is not an option of a training; options look like `name=value`.",
    ),
    "wrong.option": (
        "`{option}` というオプションはありません。",
        "`{option}` is not an option of a training.",
    ),
    "wrong.twice": ("`{option}` が2回指定されています。", "`{option}` is given twice."),
    "wrong.value": (
        "`{option}` の値が `{value}` になっていますが、{expected}を指定してください。",
        "`{option}` is `{value}`, but it must be {expected}.",
    ),
    "wrong.field": ("{expected}を指定してください。", "It must be {expected}."),
    "wrong.extra": (
        "`{verb}` のあとの `{word}` は余分です。",
        "`{word}` is one word too many after `{verb}`.",
    ),
    "wrong.id": ("`{word}` は学習のIDではありません。", "`{word}` is not the id of a training."),
    "wrong.verb": (
        "`{word}` というコマンドはありません。",
        "`{word}` is not something to do with adapters.",
    ),
    "wrong.no_name": (
        "`{verb}` にはアダプターの名前が必要です。",
        "`{verb}` needs the name of an adapter.",
    ),
    "expected.whole": (
        "{least}から{most}までの整数（半角数字）",
        "a whole number from {least} to {most}, in plain digits",
    ),
    "expected.lr": (
        "0より大きく1以下の数（例: 3e-4）",
        "a number above 0 and at most 1, as 3e-4",
    ),
    "expected.alpha": ("0より大きく100万未満の数", "a number above 0 and below 1,000,000"),
    "expected.dropout": ("0以上1未満の数", "a number from 0 to below 1"),
    "expected.method": ("`sft` か `dpo`", "`sft` or `dpo`"),
    "expected.keep": ("0以上0.9以下の数", "a number from 0 to 0.9"),
    "expected.name": (
        "半角の英数字と `.` `_` `-` からなる64文字以内の名前（先頭は英数字）",
        "a name of ASCII letters, digits, `.`, `_` and `-`, at most 64, starting with a letter or digit",
    ),
    "expected.dataset": (
        "データセットの名前（文字、数字、`.`、`_`、`-`、64文字まで、文字か数字で始まる）",
        "a dataset's name of letters, digits, `.`, `_` and `-`, at most 64, starting with a letter or digit",
    ),
    "refused.channel": (
        "このチャンネルでは使えません。許可されたチャンネルか、ダイレクトメッセージで実行してください。",
        "This command does not work in this channel. Use it in an allowed one, or in a direct message.",
    ),
    "refused.not_admin": (
        "この操作ができるのは管理者だけです。必要なときは管理者に依頼してください。",
        "Only admins may do this. Ask one of them if you need it.",
    ),
    "refused.guest": (
        "ゲスト、ボット、ほかのワークスペースの人は、この操作を行えません。",
        "Guests, bots and people of other workspaces may not do this.",
    ),
    "refused.unknown": (
        "あなたが管理者かどうかをSlackに確認できなかったため、何もしませんでした。1分ほどしてからもう一度試してください。",
        "Slack could not be asked whether you are an admin, so nothing was done. Try again in a minute.",
    ),
    "refused.no_log": (
        "監査ログに書き込めないため、何もしませんでした。サーバーのディスクと権限を確認してください。",
        "The audit log cannot be written, so nothing was done. Look at the server's disk and permissions.",
    ),
    "act.broker_away": (
        "キューから応答がなく、実行できたかどうか分かりません。1分ほどして結果を確かめ、必要ならもう一度試してください。"
        "続く場合はサーバーで `swallow doctor` を実行してください。",
        "The queue does not answer, so it is not known whether this was done. Look in a minute, and "
        "try again if it was not; if it goes on, run `swallow doctor` on the server.",
    ),
    "act.no_adapter": (
        "アダプター *{name}* はありません。`/swallow-adapter list` で一覧を表示できます。",
        "There is no adapter *{name}*; `/swallow-adapter list` shows those there are.",
    ),
    "act.adapter_in_use": (
        "アダプター *{name}* は使用中です。先に `/swallow-adapter off` で外してください。",
        "The adapter *{name}* is in use; switch it off first with `/swallow-adapter off`.",
    ),
    "act.adapter_in_channels": (
        "アダプター *{name}* は {channels} で使用中です。先にそのチャンネルで `/swallow-adapter off here` を実行してください。",
        "The adapter *{name}* is in use in {channels}; switch it off there first with `/swallow-adapter off here`.",
    ),
    "act.other_home": (
        "このコマンドを受け取ったボットには、アダプターと学習のフォルダーがありません（{hosts} にあります）。"
        "もう一度試すと別のボットに届くことがあります。または {hosts} で `swallow` コマンドを使ってください。",
        "The bot that got this command does not have the adapters and trainings; they are on {hosts}. "
        "Try again, another bot may get it, or use the command `swallow` on {hosts}.",
    ),
    "act.in_english": ("（英語の詳細: {detail}）", "{detail}"),
    "act.refused": ("できませんでした。{detail}", "Not done. {detail}"),
    "act.slack": (
        "Slackに拒否されたためできませんでした（{error}）。ボットをこのチャンネルに招待してから、もう一度試してください。",
        "Slack refused ({error}). Invite the bot to this channel and try again.",
    ),
    "adapter.used": (
        "次の質問から、アダプター *{name}* で答えます（<@{user}> が切り替えました）。{evaluation}",
        "From the next question on I answer with the adapter *{name}* (switched by <@{user}>). {evaluation}",
    ),
    "adapter.worse": (
        "アダプター *{name}* はまだ使っていません。{evaluation} それでも使う場合は、もう一度押してください。",
        "The adapter *{name}* is not in use yet. {evaluation} To use it all the same, press once more.",
    ),
    "adapter.changed": (
        "アダプター *{name}* は、お尋ねしたあとで別のものに替わりました。もう一度選んでください。",
        "The adapter *{name}* was replaced after you were asked. Choose it again.",
    ),
    "adapter.off": (
        "次の質問から、元のモデルで答えます（<@{user}> がアダプター *{name}* を外しました）。",
        "From the next question on I answer with the base model (<@{user}> switched the adapter *{name}* off).",
    ),
    "adapter.off_already": (
        "全体で使われているアダプターはありません。すでに元のモデルで答えています。{own}",
        "No adapter is in use; I answer with the base model already.{own}",
    ),
    "adapter.used_here": (
        "次の質問から、このチャンネルではアダプター *{name}* で答えます（<@{user}> が切り替えました）。{evaluation}",
        "From the next question on I answer in this channel with the adapter *{name}* (switched by <@{user}>). {evaluation}",
    ),
    "adapter.off_here": (
        "次の質問から、このチャンネルでも元のモデルで答えます（<@{user}> がアダプター *{name}* を外しました）。",
        "From the next question on I answer in this channel with the base model, as elsewhere "
        "(<@{user}> switched the adapter *{name}* off).",
    ),
    "adapter.off_here_default": (
        "次の質問から、このチャンネルでもほかと同じアダプター *{default}* で答えます（<@{user}> がアダプター *{name}* を外しました）。",
        "From the next question on I answer in this channel with the adapter *{default}*, as elsewhere "
        "(<@{user}> switched the adapter *{name}* off).",
    ),
    "adapter.off_here_already": (
        "このチャンネルだけのアダプターはありません。",
        "This channel has no adapter of its own.",
    ),
    "adapter.here_is_no_channel": (
        "ここはダイレクトメッセージで、全体のアダプターで答えます。`here` はチャンネルの中で使ってください。",
        "These are direct messages, which use the adapter for all; use `here` in a channel.",
    ),
    "adapter.own": (
        "このチャンネルには専用のアダプター *{name}* があり、そのまま使います（`/swallow-adapter off here` で外せます）。",
        " This channel keeps its own adapter *{name}* (`/swallow-adapter off here` takes it back).",
    ),
    "adapter.default": ("全体のアダプター: *{name}*", "The adapter for all: *{name}*"),
    "adapter.default_none": (
        "全体のアダプターはありません（元のモデルで答えます）。",
        "No adapter for all: the base model answers.",
    ),
    "adapter.channels": (
        "専用のアダプターがあるチャンネル:",
        "Channels with an adapter of their own:",
    ),
    "adapter.channel": ("• <#{channel}> — *{name}*", "• <#{channel}> — *{name}*"),
    "adapter.removed": (
        "<@{user}> がアダプター *{name}* を削除しました。",
        "<@{user}> removed the adapter *{name}*.",
    ),
    "adapter.none": (
        "アダプターはまだありません。`/swallow-train epochs=1` で学習できます。",
        "There are no adapters yet. `/swallow-train epochs=1` trains one.",
    ),
    "adapter.list": ("アダプター（{count}件）:", "Adapters ({count}):"),
    "adapter.line": (
        "• *{name}* — {verdict} · ランク {rank} · {base} · {date}",
        "• *{name}* — {verdict} · rank {rank} · {base} · {date}",
    ),
    "adapter.line_in_use": (
        "• *{name}* 使用中 — {verdict} · ランク {rank} · {base} · {date}",
        "• *{name}* in use — {verdict} · rank {rank} · {base} · {date}",
    ),
    "adapter.line_problem": (
        "• *{name}* — 使えません: {problem}",
        "• *{name}* — unusable: {problem}",
    ),
    "adapter.more": ("…ほか{count}件", "…and {count} more"),
    "adapter.show": (
        "*{name}*\n元のモデル: {base}\nランク {rank} · alpha {alpha} · {targets}\n"
        "データ: {data}\n学習日時: {date}\n{evaluation}\n識別子: `{digest}`",
        "*{name}*\nbase model: {base}\nrank {rank} · alpha {alpha} · {targets}\n"
        "data: {data}\ntrained: {date}\n{evaluation}\ndigest: `{digest}`",
    ),
    "button.forget": ("消去する", "Forget me"),
    "forget.ask": (
        "あなたの質問と回答の記録、実行中と待機中の質問、ほかの人の質問に取り込まれたあなたの発言、"
        "ボットが追っているスレッドの情報、あなたが提案した、またはあなたの発言を含む学習データを、"
        "サーバーから消去します。元に戻せません。\n"
        "Slack のメッセージ、ほかの人が引用した文、学習の記録は消えません。"
        "Slack にメッセージが残る間は、同じスレッドの次の質問に再び取り込まれることがあります。",
        "This removes from the server: the records of your questions and their answers, questions of yours "
        "that run or wait, your words in other people's questions, the threads I follow because of you, and the "
        "training data that you proposed or that holds your words. It cannot be undone.\n"
        "Messages in Slack, what others have quoted, and trainings stay. As long as a message is in Slack, "
        "the next question in its thread may take it along again.",
    ),
    "forget.done": (
        "消去しました（質問など{jobs}件、ほかの人の質問の中の発言{turns}件、スレッド{threads}件、学習データ{rows}件）。"
        "ディスクからも1時間以内に消えます。Slack のメッセージは残ります。",
        "Done: {jobs} questions, {turns} messages in other people's questions, {threads} threads, "
        "{rows} rows of training data. "
        "They are gone from the disk within the hour. Messages in Slack stay.",
    ),
    "forget.nothing": (
        "サーバーに残っているあなたの記録はありません。",
        "The server keeps nothing of you.",
    ),
    "compare.root": (
        "*元のモデルと {name} の比較*（<@{user}>）\n{question}",
        "*The base model and {name} compared* (<@{user}>)\n{question}",
    ),
    "compare.base": ("元のモデル", "Base model"),
    "compare.adapter": ("アダプター {name}", "Adapter {name}"),
    "compare.begun": (
        "両方の答えがスレッドに届きます。",
        "Both answers will appear in the thread.",
    ),
}
