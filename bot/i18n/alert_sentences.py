"""What the bot says in the alert channel, in Japanese and in English."""

ALERTS: dict[str, tuple[str, str]] = {
    "alert.worker": (
        "⚠️ 質問に答えるワーカーがありません。新しい質問は待ち続けます。`swallow status` とログを確認してください。",
        "⚠️ No worker is left to answer questions; new ones wait. Look at `swallow status` and the log.",
    ),
    "alert.worker.well": (
        "✅ ワーカーが戻り、質問に答えられます。",
        "✅ A worker is back; questions are answered again.",
    ),
    "alert.disk": (
        "⚠️ {host} のディスクがもうすぐいっぱいです（残り {free}）。空きを作ってください。",
        "⚠️ The disk of {host} is nearly full: {free} are left. Free some space.",
    ),
    "alert.disk.well": (
        "✅ {host} のディスクに空きができました（残り {free}）。",
        "✅ The disk of {host} has room again: {free}.",
    ),
    "alert.training": (
        "⚠️ 学習「{output}」が失敗しました。理由は学習のメッセージか `swallow jobs show {job}` で確認できます。",
        "⚠️ The training “{output}” has failed. Its message, or `swallow jobs show {job}`, says why.",
    ),
    "alert.training.well": (
        "✅ 学習「{output}」の失敗のあと、学習「{finished}」が完了しました。",
        "✅ After the training “{output}” had failed, the training “{finished}” has finished.",
    ),
}
