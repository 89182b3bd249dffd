"""What the bot says as an agent, in Japanese and in English."""

AGENT: dict[str, tuple[str, str]] = {
    "agent.not_yours": (
        "このスレッドではほかの人の質問にも答えています。止められるのは質問した人だけです。",
        "I am also answering somebody else in this thread. Only whoever asked can stop an answer.",
    ),
    "agent.prompts": ("たとえば、こんなことを聞けます", "For instance, ask me this"),
    "agent.prompt.mail": ("メールの下書き", "Draft an e-mail"),
    "agent.prompt.mail_asks": (
        "取引先に打ち合わせの日程変更をお願いする、丁寧なメールの文面を書いてください。",
        "Write a polite e-mail that asks a customer to move a meeting to next week.",
    ),
    "agent.prompt.translate": ("英語に翻訳", "Translate"),
    "agent.prompt.translate_asks": (
        "「いつもお世話になっております。資料をお送りします。」を英語に訳してください。",
        "Translate “Thank you for your patience. The documents are attached.” into Japanese.",
    ),
    "agent.prompt.ideas": ("アイデアを出す", "Find ideas"),
    "agent.prompt.ideas_asks": (
        "社内勉強会のテーマを5つ提案してください。",
        "Suggest five topics for a study group at work.",
    ),
    "agent.prompt.summary": ("要約のコツ", "Summarise well"),
    "agent.prompt.summary_asks": (
        "長い議事録を要約するときのコツを3つ教えてください。",
        "Give me three tips for summarising long minutes of a meeting.",
    ),
}
