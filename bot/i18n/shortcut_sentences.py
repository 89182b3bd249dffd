"""What the bot says where a shortcut of a message was used, in Japanese and in English."""

SHORTCUTS: dict[str, tuple[str, str]] = {
    "shortcut.title.summarise": ("要約", "Summary"),
    "shortcut.title.translate": ("翻訳", "Translation"),
    "shortcut.title.ask": ("これについて質問", "Ask about this"),
    "shortcut.asked.summarise.message": ("メッセージの要約", "Summarise a message"),
    "shortcut.asked.summarise.thread": ("スレッドの要約", "Summarise a thread"),
    "shortcut.asked.translate.ja": ("日本語への翻訳", "Translate into Japanese"),
    "shortcut.asked.translate.en": ("英語への翻訳", "Translate into English"),
    "shortcut.asked.ask.message": ("メッセージについての質問", "A question about a message"),
    "shortcut.asked.ask.thread": ("スレッドについての質問", "A question about a thread"),
    "shortcut.choice.message": ("このメッセージ", "This message"),
    "shortcut.choice.thread": ("スレッド全体", "The whole thread"),
    "shortcut.choice.ja": ("日本語に", "Into Japanese"),
    "shortcut.choice.en": ("英語に", "Into English"),
    "shortcut.question": ("質問", "Question"),
    "shortcut.scope": ("対象", "About"),
    "shortcut.submit": ("質問する", "Ask"),
    "shortcut.close": ("閉じる", "Close"),
    "shortcut.only_you": (
        "この回答はあなただけに表示されます。閉じた場合は、できあがりしだいダイレクトメッセージで届きます。",
        "Only you see this answer. If you close this, it comes as a direct message when it is done.",
    ),
    "shortcut.done": (
        "この回答はあなただけに表示されています。",
        "Only you see this answer.",
    ),
    "shortcut.no_words": (
        "このメッセージには文章がありません。",
        "There are no words in this message.",
    ),
    "shortcut.late": (
        "このフォームは古いため使えません。メッセージのメニューからもう一度開いてください。",
        "This form is too old to be used. Open it again from the message's menu.",
    ),
    "failed.shortcut_gone": (
        "元のメッセージの記録は残っていません。メッセージのメニューからもう一度開いてください。",
        "The message is not on record any more. Open this again from the message's menu.",
    ),
    "failed.shortcut_thread": (
        "このスレッドを読めません。チャンネルに `/invite @{bot}` でボットを追加してから、もう一度お試しください。",
        "I cannot read this thread. Add me to the channel with `/invite @{bot}`, and try again.",
    ),
    "moved.form": (
        "フォームが開いていないため、こちらでお答えします（{what}）。",
        "The form is not open, so the answer comes here ({what}).",
    ),
    "button.share": ("スレッドに共有", "Share in the thread"),
    "share.heading": ("{name} さんが共有しました（{what}）", "{name} shared this ({what})"),
    "share.heading_question": (
        "{name} さんが共有しました。質問：{what}",
        "{name} shared this. The question was: {what}",
    ),
    "share.done": ("スレッドに共有しました。", "Shared in the thread."),
    "share.begun": ("スレッドに共有します。", "I am sharing it in the thread."),
    "share.already": ("この回答は共有済みです。", "This answer is shared already."),
    "share.gone": (
        "この回答の記録は残っていないため、共有できません。",
        "This answer is not on record any more, so it cannot be shared.",
    ),
    "share.no_channel": (
        "このスレッドには投稿できませんでした。チャンネルに `/invite @{bot}` でボットを追加してから、もう一度押してください。",
        "I could not post in that thread. Add me to the channel with `/invite @{bot}`, and press again.",
    ),
}
