"""What the bot says about the settings of a channel, in Japanese and in English."""

CHANNELS: dict[str, tuple[str, str]] = {
    "usage.channel": (
        "使い方（このチャンネルの設定。変更は管理者だけ）:\n"
        "• `/swallow-channel` — 設定のフォームを開きます（管理者以外には設定を表示します）\n"
        "• `/swallow-channel show` — 今の設定\n"
        "• `/swallow-channel instructions=丁寧に、3文で答えてください。` — すべての質問に添える指示（最後に書きます）\n"
        "• `/swallow-channel adapter=名前 language=ja max=256 ask=admins` — アダプター、言語、回答の長さ（トークン）、質問できる人\n"
        "　`ask=` には `everyone`、`admins`、または `@名前,@名前` を指定できます。`auto` で元に戻ります。",
        "Usage, for the settings of this channel, which admins change:\n"
        "• `/swallow-channel` — open the form (people who are no admins see the settings)\n"
        "• `/swallow-channel show` — what is set\n"
        "• `/swallow-channel instructions=Answer politely, in three sentences.` — an instruction for every question, to the end of the text\n"
        "• `/swallow-channel adapter=NAME language=ja max=256 ask=admins` — adapter, language, longest answer in tokens, who may ask\n"
        "   `ask=` takes `everyone`, `admins` or `@NAME,@NAME`; `auto` takes a setting back.",
    ),
    "wrong.setting": (
        "`{word}` という設定はありません。`名前=値` の形で書いてください。",
        "`{word}` is not a setting; settings look like `name=value`.",
    ),
    "wrong.long": (
        "指示は{most}文字までです。",
        "A standing instruction may have at most {most} characters.",
    ),
    "wrong.no_people": (
        "質問できる人を選んでください。",
        "Choose the people who may ask.",
    ),
    "expected.language": (
        "`ja`、`en`、`auto` のいずれか",
        "`ja`, `en` or `auto`",
    ),
    "expected.askers": (
        "`everyone`、`admins`、または `@名前` をコンマで区切ったもの（50人まで）",
        "`everyone`, `admins`, or up to 50 people as `@NAME,@NAME`",
    ),
    "channel.title": ("*<#{channel}> の設定*", "*Settings of <#{channel}>*"),
    "channel.changed": (
        "<@{user}> がこのチャンネルの設定を変えました。次の質問から有効です。",
        "<@{user}> changed the settings of this channel; they hold from the next question on.",
    ),
    "channel.adapter": ("• アダプター: *{name}*", "• Adapter: *{name}*"),
    "channel.adapter_none": (
        "• アダプター: 全体と同じ",
        "• Adapter: as elsewhere",
    ),
    "channel.instructions": (
        "• すべての質問に添える指示:\n{text}",
        "• Instruction for every question:\n{text}",
    ),
    "channel.instructions_none": (
        "• すべての質問に添える指示: なし",
        "• Instruction for every question: none",
    ),
    "channel.language.auto": (
        "• ボットの言語: 読む人に合わせる",
        "• The bot's language: that of its readers",
    ),
    "channel.language.ja": ("• ボットの言語: 日本語", "• The bot's language: Japanese"),
    "channel.language.en": ("• ボットの言語: 英語", "• The bot's language: English"),
    "channel.max": (
        "• 回答の長さ: {tokens} トークンまで",
        "• Longest answer: {tokens} tokens",
    ),
    "channel.max_none": ("• 回答の長さ: 全体と同じ", "• Longest answer: as elsewhere"),
    "channel.ask.everyone": ("• 質問できる人: 全員", "• Who may ask: everyone"),
    "channel.ask.admins": ("• 質問できる人: 管理者だけ", "• Who may ask: admins only"),
    "channel.ask.people": ("• 質問できる人: {people}", "• Who may ask: {people}"),
    "channel.more_people": ("ほか{count}人", "and {count} more"),
    "channel.here_is_no_channel": (
        "ここはダイレクトメッセージです。設定したいチャンネルの中で実行してください。",
        "These are direct messages; use the command in the channel that is meant.",
    ),
    "channel.form.title": ("チャンネルの設定", "Channel settings"),
    "channel.form.submit": ("保存", "Save"),
    "channel.form.instructions": (
        "すべての質問に添える指示",
        "Instruction for every question",
    ),
    "channel.form.instructions_hint": (
        "例: 丁寧に、3文で答えてください。空にすると、指示なしになります。",
        "For instance: Answer politely, in three sentences. Empty: none.",
    ),
    "channel.form.adapter": ("アダプター", "Adapter"),
    "channel.form.auto": ("全体と同じ", "As elsewhere"),
    "channel.form.language": ("ボットの言語", "The bot's language"),
    "channel.form.readers": ("読む人に合わせる", "That of its readers"),
    "channel.form.max": ("回答の長さ（トークン）", "Longest answer, in tokens"),
    "channel.form.max_hint": (
        "16から4096まで。空にすると、全体と同じになります。",
        "From 16 to 4096. Empty: as elsewhere.",
    ),
    "channel.form.ask": ("質問できる人", "Who may ask"),
    "channel.form.everyone": ("全員", "Everyone"),
    "channel.form.admins": ("管理者だけ", "Admins only"),
    "channel.form.chosen": ("選んだ人", "The people chosen"),
    "channel.form.people": ("下で選んだ人だけ", "The people chosen below"),
    "failed.person": (
        "いまは決められた人だけが質問できます。使いたいときは管理者に相談してください。",
        "Only certain people may ask me. Talk to the operator if you would like to.",
    ),
    "failed.outsider": (
        "申し訳ありませんが、ゲストとほかのワークスペースの方の質問には答えられません。必要なときは、このワークスペースの管理者に相談してください。",
        "I am sorry: I do not answer guests and people of other workspaces. If you need me, talk to an admin of this workspace.",
    ),
    "failed.unknown": (
        "質問した方のことをSlackに確認できなかったため、答えられませんでした。1分ほどしてからもう一度聞いてください。",
        "Slack could not be asked who you are, so I did not answer. Ask again in a minute.",
    ),
    "failed.rate": (
        "質問は1人につき1分間に{most}件までです。少し待ってからもう一度聞いてください。",
        "One person may ask {most} questions a minute. Wait a little and ask again.",
    ),
    "failed.at_once": (
        "まだ答えていないあなたの質問が{most}件あります。どれかの答えが出てから、もう一度聞いてください。",
        "You have {most} questions that are not answered yet. Ask again when one of them is.",
    ),
    "failed.asker": (
        "このチャンネルで質問できる人は決められています。ほかのチャンネルか、ダイレクトメッセージで聞いてください。",
        "Only certain people may ask in this channel. Ask in another one, or in a direct message.",
    ),
}
