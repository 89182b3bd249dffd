"""What the bot says about questions and answers, in Japanese and in English."""

ANSWERS: dict[str, tuple[str, str]] = {
    "help": (
        "質問を書いてメンションしてください。\n"
        "• `@{bot} 日本で一番高い山は？`\n"
        "• 資料がある場合は、1行空けて続けるか、引用・コードブロック・テキストファイルで渡せます。\n"
        "• `指示:` と `入力:` で区切ることもできます。スレッドで聞くと、それまでの会話を踏まえて答えます。\n"
        "• 質問の前に `max=512 temp=0.2 adapter=faq` のように書くと、長さの上限、答えのばらつき、アダプターを選べます。",
        "Mention me with a question.\n"
        "• `@{bot} What is the highest mountain of Japan?`\n"
        "• Material goes after a blank line, as a quote, a code block or an attached text file.\n"
        "• `instruction:` and `input:` work as labels. In a thread I take the thread into account.\n"
        "• `max=512 temp=0.2 adapter=faq` before a question sets the longest answer, how much answers "
        "vary, and the adapter.",
    ),
    "help.more": (
        "*回答のボタン*（質問した本人だけ）\n"
        "• *停止*：途中で止めます。*続ける*：長さの上限で終わった回答の続きを書きます。*もう一度*：別の回答を出します。\n"
        "• 質問を1分以内に編集すると答え直し、削除すると回答も消えます。\n"
        "*メッセージのメニュー（⋯）*\n"
        "• *要約*、*翻訳*、*これについて質問*：自分だけに見えるフォームで答えます。\n"
        "*コマンド*\n"
        "• `/swallow-adapter list`：アダプターの一覧（切り替えは管理者だけ）\n"
        "• `/swallow-channel`：このチャンネルの設定（変更は管理者だけ）\n"
        "• `/swallow-train`：チームのデータで学習（管理者だけ）\n"
        "• `/swallow-forget`：ボットが保存しているあなたの記録を消去",
        "*Buttons of an answer* (for the person who asked)\n"
        "• *Stop* ends it, *Continue* goes on where the length ended it, *Again* gives another answer.\n"
        "• Edit a question within a minute and it is answered anew; delete it and the answer goes too.\n"
        "*In a message's menu* (⋯)\n"
        "• *Summarise*, *Translate*, *Ask about this*: answered in a form that only you see.\n"
        "*Commands*\n"
        "• `/swallow-adapter list`: the adapters (admins choose one)\n"
        "• `/swallow-channel`: the settings of this channel (admins change them)\n"
        "• `/swallow-train`: train on the team's data (admins)\n"
        "• `/swallow-forget`: remove what the bot keeps of you",
    ),
    "status.thinking": ("が考えています…", "is thinking…"),
    "status.thinking_for": ("が考えています… {seconds} 秒", "is thinking… {seconds} s"),
    "status.waiting": (
        "が順番を待っています（前に{ahead}件）…",
        "is waiting in line ({ahead} ahead)…",
    ),
    "status.waiting_about": (
        "が順番を待っています（前に{ahead}件、あと{about}ほど）…",
        "is waiting in line: {ahead} before you, about {about}…",
    ),
    "status.alone": (
        "がもう一度試します（ワーカーが止まったため、この質問だけを処理できるまで待っています）…",
        "tries again by itself: the worker died, and this waits until nothing else runs…",
    ),
    "status.loading": ("がモデルを読み込んでいます…", "is loading its model…"),
    "status.no_worker": (
        "がワーカーの起動を待っています…",
        "is waiting for a worker to start…",
    ),
    "thinking": ("考えています… {seconds} 秒", "Thinking… {seconds} s"),
    "part": (
        "長いスレッドなので、分けて要約しています… {count}個のうち{number}個目",
        "A long thread, summarised in parts… part {number} of {count}",
    ),
    "starting_over": (
        "質問が編集されたので、はじめから答え直します…",
        "The question was edited: starting over…",
    ),
    "button.stop": ("停止", "Stop"),
    "button.continue": ("続ける", "Continue"),
    "button.again": ("もう一度", "Again"),
    "follow_up.not_yours": (
        "このボタンは、質問した本人だけが使えます。",
        "Only the person who asked can use this button.",
    ),
    "follow_up.gone": (
        "この回答の記録は残っていないため、続けたり答え直したりできません。もう一度聞いてください。",
        "This answer is not on record any more, so it cannot be continued or given again. Ask anew.",
    ),
    "note.continue": ("前の回答の続き", "continues the answer above"),
    "note.again": ("別の回答", "another answer"),
    "empty": (
        "（モデルは何も答えませんでした。聞き方を変えてみてください。）",
        "(The model gave an empty answer. Try asking in another way.)",
    ),
    "thought_only": (
        "（考えているうちに時間の上限に達し、答えまで進めませんでした。質問の前に `think=off` や `think=500` と"
        "書くと、考える量を減らせます。管理者は `SWALLOW_THINKING` と `SWALLOW_ANSWER_SECONDS` で変えられます。）",
        "(The time limit was reached while the model was thinking, before it answered. With "
        "`think=off` or `think=500` before the question it thinks less. The operator can change "
        "that with `SWALLOW_THINKING` and `SWALLOW_ANSWER_SECONDS`.)",
    ),
    "note.stopped": ("停止しました", "stopped"),
    "note.length": ("長さの上限で終わりました", "ended at the length limit"),
    "note.deadline": ("時間の上限で終わりました", "ended at the time limit"),
    "note.thread_cut": (
        "会話の古い{count}件は入りきりませんでした",
        "the {count} oldest messages did not fit",
    ),
    "note.parts": ("{count}個に分けて要約", "summarised in {count} parts"),
    "note.input_cut": (
        "入力の末尾{count}文字は入りきりませんでした",
        "the last {count} characters of the input did not fit",
    ),
    "footer.adapter": ("アダプター {name}", "adapter {name}"),
    "footer.tokens": ("{count} トークン", "{count} tokens"),
    "footer.thought": ("うち思考 {count}", "{count} of them thought"),
    "footer.thought_cut": (
        "うち思考 {count}（上限で打ち切り）",
        "{count} of them thought, cut short at the limit",
    ),
    "footer.seconds": ("{seconds} 秒", "{seconds} s"),
    "footer.speed": ("{speed} トークン/秒", "{speed} tokens/s"),
    "delayed.broker_away": (
        "いまキューから応答がありません。つながりしだい、ここで答えます。10分たっても答えがなければ、"
        "もう一度聞いてください。続く場合は管理者に `swallow doctor` の実行を頼んでください。",
        "The queue does not answer right now. I keep trying and answer here as soon as it does. If "
        "there is no answer after ten minutes, ask again; if it goes on, ask the operator to run "
        "`swallow doctor`.",
    ),
    "failed.queue_full": (
        "いま質問が{limit}件並んでいて、これ以上受け付けられません。少ししてからもう一度聞いてください。",
        "{limit} questions are waiting already, so this one was not taken. Ask again a little later.",
    ),
    "failed.model_missing": (
        "モデルが見つからないため答えられません。管理者に `swallow doctor` の実行を頼んでください。",
        "I cannot answer because the model is missing. Ask the operator to run `swallow doctor`.",
    ),
    "failed.setting": (
        "設定に誤りがあり答えられません。管理者に `swallow doctor` の実行を頼んでください。",
        "I cannot answer because of a wrong setting. Ask the operator to run `swallow doctor`.",
    ),
    "failed.generator": (
        "答えを作るプロセスが繰り返し止まるため、いまは答えられません。"
        "管理者に `swallow doctor` の実行を頼んでください。",
        "I cannot answer now because the process that generates answers keeps dying. Ask the "
        "operator to run `swallow doctor`.",
    ),
    "failed.lost": (
        "{attempts}回試しましたが、答えている途中でワーカーが止まりました（最後の2回はこの質問だけを"
        "処理していました）。質問を短くして試すか、管理者にログの確認を頼んでください。",
        "The worker died {attempts} times while answering, the last two times with nothing else to "
        "do. Try a shorter question, or ask the operator to look at the log.",
    ),
    "failed.too_long": (
        "指示が長すぎます（{tokens}トークン、上限{limit}）。短くするか、資料を1行空けたあとの「入力」に"
        "移してください。入力は必要に応じて切り詰められます。",
        "The instruction is too long ({tokens} tokens, at most {limit} fit). Shorten it, or move "
        "the material into the input, after a blank line, where it may be cut.",
    ),
    "failed.adapter": (
        "アダプター「{name}」を使えません。管理者に `swallow status` での確認を頼んでください。",
        "The adapter “{name}” cannot be used. Ask the operator to check it with `swallow status`.",
    ),
    "failed.adapter_model": (
        "アダプター「{name}」は {model} で学習したもので、いまこのモデルのワーカーがありません。管理者に確認を頼んでください。",
        "The adapter “{name}” was trained on {model}, and no worker has that model now. Ask the "
        "operator to start one.",
    ),
    "failed.think": (
        "「think={value}」は指定できません。`think=` のあとには `off`、`on`、または考えるトークン数（1〜{most}、"
        "例：`think=500`）を書いてください。",
        "“think={value}” cannot be read. Write `off`, `on` or a number of tokens to think (1 to {most}, "
        "for instance `think=500`) behind `think=`.",
    ),
    "failed.max": (
        "「max={value}」は指定できません。`max=` のあとには、回答の長さの上限をトークン数（1〜{most}、例：`max=512`）で"
        "書いてください。",
        "“max={value}” cannot be read. Write the longest answer in tokens (1 to {most}, for instance "
        "`max=512`) behind `max=`.",
    ),
    "failed.temp": (
        "「temp={value}」は指定できません。`temp=` のあとには 0〜{most} の数（例：`temp=0.2`）を書いてください。"
        "0 に近いほど毎回同じような答えに、大きいほど多様な答えになります。",
        "“temp={value}” cannot be read. Write a number from 0 to {most} (for instance `temp=0.2`) behind "
        "`temp=`: near 0 answers vary little, above 1 a lot.",
    ),
    "failed.no_adapter": (
        "アダプター「{value}」はありません。いま使えるもの：{known}（元のモデルで答えさせるには `adapter=off`）",
        "There is no adapter “{value}”. There are: {known} (and `adapter=off` for the base model).",
    ),
    "failed.no_adapters": (
        "アダプター「{value}」はありません。アダプターはまだ1つもないので、`adapter=` を外して聞いてください。",
        "There is no adapter “{value}”: there are none yet. Leave `adapter=` out.",
    ),
    "failed.adapter_unfit": (
        "アダプター「{value}」は、いま動いているモデルでは使えません。`adapter=` を外すか、別のアダプターを指定してください。",
        "The adapter “{value}” cannot be used with the model that answers now. Leave `adapter=` out, or "
        "name another.",
    ),
    "failed.follow_up_gone": (
        "前の回答の記録は残っていないため、続けたり答え直したりできません。もう一度聞いてください。",
        "The answer is not on record any more, so it cannot be continued or given again. Ask anew.",
    ),
    "failed.model_changed": (
        "回答のあとでモデルが変わったため、続きを書けません。もう一度聞いてください。",
        "The model has changed since that answer, so it cannot go on. Ask anew.",
    ),
    "failed.no_room": (
        "質問と回答でモデルのコンテキストがいっぱいのため、これ以上は続けられません。",
        "Question and answer fill the model's context: there is no room to go on.",
    ),
    "failed.file": (
        "ファイル「{name}」を読めません。合わせて {limit} KB までのテキストファイルを添付してください。",
        "The file “{name}” cannot be read. Attach text files of at most {limit} KB in all.",
    ),
    "failed.channel": (
        "このチャンネルでは答えられません。許可されたチャンネルか、ダイレクトメッセージで聞いてください。",
        "I do not answer in this channel. Ask in an allowed one, or in a direct message.",
    ),
    "failed.internal": (
        "答えている途中で問題が起きました。もう一度聞いてください。"
        "続く場合は管理者にログの確認を頼んでください。",
        "Something went wrong while answering. Ask again; if it goes on, ask the operator to look "
        "at the log.",
    ),
    "failed.unshown": (
        "答えはできましたが、表示をSlackに拒否されました。もう一度聞いてください。",
        "The answer is there, but Slack would not show it. Ask again.",
    ),
    "failed.undeliverable": (
        "問題が起きて、結果をここに表示できませんでした。もう一度試してください。"
        "続く場合は管理者にログの確認を頼んでください。",
        "Something went wrong, and the result could not be shown here. Try again; if it goes on, ask "
        "the operator to look at the log.",
    ),
    "moved": (
        "<#{channel}> でのご依頼ですが、そこには投稿できないため、ここでお知らせします。",
        "This was asked in <#{channel}>, where I cannot post any more, so it comes here.",
    ),
    "moved.direct": (
        "ご依頼のあったスレッドには投稿できないため、ここでお知らせします。",
        "I cannot post any more in the thread where this was asked, so it comes here.",
    ),
    "cancelled": ("停止しました。", "Stopped."),
}
