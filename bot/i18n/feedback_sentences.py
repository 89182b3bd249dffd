"""What the bot says about feedback, in Japanese and in English."""

FEEDBACK: dict[str, tuple[str, str]] = {
    "button.good": ("👍", "👍"),
    "button.bad": ("👎", "👎"),
    "button.good_label": ("良い回答", "A good answer"),
    "button.bad_label": ("良くない回答", "Not a good answer"),
    "button.correct": ("直す", "Correct this"),
    "button.approve": ("承認（学習用）", "Approve to learn from"),
    "button.approve_exam": ("承認（試験用）", "Approve for the exam"),
    "button.approve_all": ("表示中の{count}件をすべて承認", "Approve all {count} shown"),
    "button.refuse": ("却下", "Refuse"),
    "button.remove": ("削除", "Remove"),
    "form.correct_answer": ("答えを直す", "Correct this answer"),
    "form.teach_answer": ("答えを教える", "Teach this answer"),
    "form.submit": ("提案する", "Propose"),
    "form.close": ("やめる", "Cancel"),
    "form.instruction": ("質問", "Question"),
    "form.input": ("質問の材料", "Material for the question"),
    "form.output": ("正しい答え", "The right answer"),
    "form.cut.teach_answer": (
        "先頭の{most}文字だけを取り込みます。",
        "Only the first {most} characters are taken.",
    ),
    "form.cut.correct_answer": (
        "先頭の{most}文字だけを表示しています。変えなければ全文が使われます。",
        "Only the first {most} characters are shown; left as it is, the whole text is used.",
    ),
    "form.empty": ("ここは空にできません。", "This cannot be empty."),
    "form.too_long": (
        "{most}文字までです。",
        "At most {most} characters are possible.",
    ),
    "feedback.liked": (
        "ありがとうございます。良い答えとして提案しました。承認されると、アダプターの試験に使われます。",
        "Thank you: proposed as a good answer. Once an admin approves it, adapters are examined on it.",
    ),
    "feedback.not_liked_any_more": (
        "良い答えとしての提案を取り消しました。「直す」で正しい答えを提案できます。",
        "It is no longer proposed as a good answer. With *Correct this* you can propose the right one.",
    ),
    "feedback.noted": (
        "分かりました。「直す」で正しい答えを提案できます。",
        "Understood. With *Correct this* you can propose the right answer.",
    ),
    "feedback.correction": (
        "ありがとうございます。訂正を提案しました。管理者が承認すると学習に使われます。自分の提案はホームタブで削除できます。",
        "Thank you: your correction is proposed. It is learned from once an admin approves it; "
        "you can remove it in my Home tab.",
    ),
    "feedback.taught": (
        "ありがとうございます。この答えを提案しました。管理者が承認すると学習に使われます。自分の提案はホームタブで削除できます。",
        "Thank you: this answer is proposed. It is learned from once an admin approves it; "
        "you can remove it in my Home tab.",
    ),
    "feedback.off": (
        "フィードバックは集めていません（管理者が `SWALLOW_FEEDBACK=on` を設定すると使えます）。",
        "Feedback is not collected here, unless the operator sets `SWALLOW_FEEDBACK=on`.",
    ),
    "feedback.channel": (
        "このチャンネルではフィードバックを集めていません。",
        "Feedback is not collected in this channel.",
    ),
    "feedback.outsider": (
        "申し訳ありませんが、ゲストとほかのワークスペースの方からのフィードバックは受け付けていません。",
        "I am sorry: I do not take feedback from guests and people of other workspaces.",
    ),
    "feedback.unknown": (
        "Slackに確認が取れなかったため、受け付けられませんでした。1分ほどしてからもう一度お試しください。",
        "Slack could not be asked who you are, so this was not taken. Try again in a minute.",
    ),
    "feedback.gone": (
        "この答えの記録は期限が切れて残っていません。もう一度質問すると、新しい答えを評価したり直したりできます。",
        "The record of this answer has expired. Ask again, and the new answer can be rated and corrected.",
    ),
    "feedback.elsewhere": (
        "答えのあった会話でしか評価や訂正はできません。",
        "An answer can be rated and corrected only where it was given.",
    ),
    "feedback.unfinished": (
        "この答えは最後まで終わっていないため、評価や訂正ができません。",
        "This answer did not come to its end, so it cannot be rated or corrected.",
    ),
    "feedback.approved_already": (
        "あなたの提案はすでに承認されているため、変わりません。ホームタブで削除してから、もう一度提案できます。",
        "Yours is approved already and stays as it is. Remove it in my Home tab to propose another one.",
    ),
    "feedback.unchanged": (
        "答えが変わっていません。正しい答えを書いてください。",
        "The answer is as it was: write the right one.",
    ),
    "feedback.late": (
        "このフォームは古いため、使えません。もう一度開いてください。",
        "This form is too old to be used. Open it again.",
    ),
    "feedback.no_form": (
        "フォームを開けませんでした。もう一度押してください。",
        "The form could not be opened. Please press again.",
    ),
    "feedback.not_a_persons": (
        "教えられるのは人が書いたメッセージだけです。ボットの答えは「直す」で訂正できます。",
        "Only what a person wrote can be taught. An answer of the bot has *Correct this*.",
    ),
    "feedback.no_words": (
        "このメッセージには文章がありません。",
        "There are no words in this message.",
    ),
    "feedback.too_long": (
        "文章が長すぎるため、保存できません。",
        "A text is too long to be kept.",
    ),
    "feedback.unusable": (
        "質問と答えの両方が必要です。",
        "Both a question and an answer are needed.",
    ),
    "feedback.no_row": (
        "この提案はもうありません。",
        "This proposal is not there any more.",
    ),
    "feedback.own_row": (
        "自分の提案は自分では承認できません。ほかの管理者に承認を頼んでください。",
        "What you have proposed yourself is another admin's to approve.",
    ),
    "feedback.decided": (
        "すでにほかの人が決めたあとなので、何も変わりません。",
        "This was decided already, and nothing changes.",
    ),
    "feedback.changed": (
        "表示のあとで提案者が書き直したため、何も変わりません。新しい内容を確かめてください。",
        "Its author has written it anew since it was shown, and nothing changes: look at what it says now.",
    ),
    "feedback.approved_many": ("{count}件を承認しました。", "Approved {count}."),
    "feedback.removed": (
        "削除しました。学習用のファイルからも消えます。",
        "Removed, also from the files of trainings.",
    ),
    "feedback.not_written": (
        "サーバーのファイルを書き換えられなかったため、一部が残っているかもしれません。もう一度お試しください。",
        "A file of the server could not be changed, so some of it may be left: please try again.",
    ),
    "feedback.adapters": (
        "このデータから作られたアダプターは残っています: {names}",
        "Adapters made with that data stay: {names}.",
    ),
    "feedback.state.proposed": ("承認待ち", "proposed"),
    "feedback.state.training": ("学習用", "to learn from"),
    "feedback.state.exam": ("試験用", "for the exam"),
    "feedback.note.proposed": ("まだ承認待ちです。", "It is still to be decided."),
    "feedback.note.training": (
        "✅ {approver} が学習用に承認しました。",
        "✅ Approved by {approver}, to learn from.",
    ),
    "feedback.note.exam": (
        "✅ {approver} が試験用に承認しました。",
        "✅ Approved by {approver}, for the exam.",
    ),
    "feedback.note.gone": ("却下されたか、削除されました。", "Refused, or taken back."),
    "review.correction": ("*{author} の訂正*", "*A correction by {author}*"),
    "review.taught": ("*{author} が教えた答え*", "*An answer taught by {author}*"),
    "review.liked": ("*{author} が良いとした答え*", "*An answer that {author} liked*"),
    "review.typed": ("*{author} が入力した行*", "*A row typed by {author}*"),
    "review.imported": ("*{author} が取り込んだ行*", "*A row imported by {author}*"),
    "review.text.instruction": ("質問: {text}", "Question: {text}"),
    "review.text.input": ("材料: {text}", "Material: {text}"),
    "review.text.output": ("答え: {text}", "Answer: {text}"),
    "review.text.rejected": ("元の答え: {text}", "What was answered: {text}"),
    "review.cut": ("（全{characters}文字）", " ({characters} characters in all)"),
    "home.about": (
        "チャンネルでは `@{bot}` とメンションして、ここの「メッセージ」ではそのまま書いて質問できます。使い方は `/swallow-help` で表示できます。",
        "Ask by mentioning `@{bot}` in a channel, or just write under *Messages* here. `/swallow-help` says what else I can do.",
    ),
    "home.about_on": (
        "回答の下の 👍 👎 と「直す」、人のメッセージのメニューの「これを教える」で、正しい答えを教えられます。"
        "提案は管理者が承認するまで学習に使われません。",
        "Teach me with 👍 👎 and *Correct this* under its answers, and with *Teach this answer* in the menu of a "
        "person's message. Nothing is learned from before an admin approves it.",
    ),
    "home.about_off": (
        "Slack からのフィードバックは集めていません。ここには、端末から提案された行が表示されます。",
        "Feedback is not collected from Slack. Here are the rows that were proposed in the terminal.",
    ),
    "home.proposed": ("承認待ち（{count}件）", "To be decided: {count}"),
    "home.none_proposed": ("承認待ちの提案はありません。", "Nothing is proposed."),
    "home.adapters": ("アダプター", "Adapters"),
    "home.now": ("いまの状態", "Now"),
    "home.model": ("モデル: *{models}*", "Model: *{models}*"),
    "home.no_worker": (
        "いま質問に答えるワーカーがありません。",
        "No worker answers questions now.",
    ),
    "home.queue": (
        "質問: 回答中 {running}件、待機中 {waiting}件",
        "Questions: {running} being answered, {waiting} waiting",
    ),
    "home.trainings": ("学習", "Trainings"),
    "home.resumable": (
        "再開できます: *{output}*（ステップ {step}）",
        "Can be resumed: *{output}* (step {step})",
    ),
    "home.questions": ("今日のあなたの質問", "Your questions of the day"),
    "home.question": ("• {text} — {place}・{state}", "• {text} — {place}, {state}"),
    "home.no_words": ("（本文なし）", "(no words)"),
    "home.only_files": ("（ファイルのみ）", "(a file)"),
    "home.direct": ("ダイレクトメッセージ", "direct message"),
    "home.state.new": ("待機中", "waiting"),
    "home.state.queued": ("待機中", "waiting"),
    "home.state.running": ("回答中", "being answered"),
    "home.state.finished": ("回答済み", "answered"),
    "home.state.failed": ("答えられませんでした", "not answered"),
    "home.state.cancelled": ("停止", "stopped"),
    "home.outcome.done": ("完了", "done"),
    "home.outcome.refused": ("拒否", "refused"),
    "home.outcome.failed": ("失敗", "failed"),
    "home.refused.not_admin": ("管理者ではありません", "not an admin"),
    "home.refused.guest": (
        "ゲストかほかのワークスペースの人です",
        "a guest or of another workspace",
    ),
    "home.refused.channel": ("許可されていないチャンネルです", "in a channel that is not allowed"),
    "home.refused.unknown": (
        "管理者かどうかを確認できませんでした",
        "Slack did not say whether an admin",
    ),
    "home.audit": ("最近の管理者の操作", "What admins did lately"),
    "button.off": ("元のモデルで答える", "Answer with the base model"),
    "button.resume": ("再開", "Resume"),
    "home.own": ("あなたの提案（{count}件）", "Yours: {count}"),
    "home.none_own": ("まだ提案していません。", "You have not proposed anything."),
    "home.more": (
        "ほかに{count}件あります。上のものが決まると表示されます。",
        "{count} more are shown when those above are decided or removed.",
    ),
    "dataset.name": (
        "`{name}` はデータセットの名前に使えません（文字、数字、`.`、`_`、`-`、64文字まで。`sample` と `feedback` は使えません）。",
        "`{name}` cannot name a data set: letters, digits, `.`, `_` and `-`, at most 64, and not `sample` or `feedback`.",
    ),
    "dataset.unnamed": (
        "データセットの名前も書いてください（例：`dataset faq`）。",
        "Say the data set's name too, as in `dataset faq`.",
    ),
    "dataset.one_file": (
        "ファイルを1つだけ添付してください。",
        "Attach one file.",
    ),
    "dataset.suffix": (
        "`{name}` は使えません。`.jsonl`、`.json`、`.csv` のファイルを送ってください。",
        "`{name}` is not taken: send a file that ends in `.jsonl`, `.json` or `.csv`.",
    ),
    "dataset.fetch": (
        "`{name}` を取得できませんでした（{most} MB まで）。",
        "`{name}` could not be fetched; at most {most} MB are taken.",
    ),
    "dataset.kept": (
        "データセット `{name}` を保存しました（{read}行のうち{rows}行）。",
        "Kept as the data set `{name}`: {rows} of {read} rows.",
    ),
    "dataset.characters": (
        "合計 {characters} 文字、最も長い行は {longest} 文字です。",
        "{characters} characters, {longest} in the longest row.",
    ),
    "dataset.dropped.without_an_instruction": (
        "質問のない{count}行を除きました。",
        "Left out: {count} without an instruction.",
    ),
    "dataset.dropped.without_an_answer": (
        "答えのない{count}行を除きました。",
        "Left out: {count} without an answer.",
    ),
    "dataset.dropped.repeated": (
        "重複する{count}行を除きました。",
        "Left out: {count} that repeat another one.",
    ),
    "dataset.exam": (
        "これはチームの試験です。この行は学習に使われず、今後の学習はすべて、この行でも試験されます。",
        "This is the team's exam: its rows are never learned, and every training from now on is examined on them.",
    ),
    "dataset.next": (
        "`/swallow-train data={name}` で計画を立てると、トークン数と、切り詰められる行が分かります。",
        "`/swallow-train data={name}` works out a plan: tokens, and what would be cut.",
    ),
}
