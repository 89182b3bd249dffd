"""What the bot says about feedback, in Japanese and in English."""

FEEDBACK: dict[str, tuple[str, str]] = {
    "feedback.not_written": (
        "サーバーのファイルを書き換えられなかったため、一部が残っているかもしれません。もう一度お試しください。",
        "A file of the server could not be changed, so some of it may be left: please try again.",
    ),
    "feedback.adapters": (
        "このデータから作られたアダプターは残っています: {names}",
        "Adapters made with that data stay: {names}.",
    ),
}
