"""What the form of a training says, in Japanese and in English."""

TRAINING_FORM: dict[str, tuple[str, str]] = {
    "button.train": ("学習を始める…", "Train an adapter…"),
    "train.form.title": ("アダプターの学習", "Train an adapter"),
    "train.form.submit": ("計画を立てる", "Make the plan"),
    "train.form.advanced": ("詳細設定を開く", "Advanced options"),
    "train.form.data": ("データ", "Data"),
    "train.form.data_hint": (
        "サーバーの datasets フォルダーにファイルを置くと、ここで選べるようになります。",
        "Files in the folder datasets on the server can be chosen here.",
    ),
    "train.form.default": ("既定のデータ", "Default data"),
    "train.form.rows": ("（{rows}行）", " ({rows} rows)"),
    "train.form.epochs": ("エポック数（epochs）", "Epochs"),
    "train.form.epochs_hint": (
        "データを何周するか。空欄なら1周、訂正を学ぶときは自動で増やします。",
        "How often to go through the data. Empty: once, and corrections more often.",
    ),
    "train.form.output": ("アダプターの名前（output）", "Name of the adapter (output)"),
    "train.form.output_hint": (
        "空欄なら output。すでにある名前には -2 などを付けます。",
        "Empty: output. A name that is taken gets -2.",
    ),
    "train.form.lr": ("学習率（lr）", "Learning rate (lr)"),
    "train.form.r": ("LoRA のランク（r）", "Rank of LoRA (r)"),
    "train.form.alpha": ("LoRA の alpha（alpha）", "Alpha of LoRA (alpha)"),
    "train.form.dropout": ("ドロップアウト（dropout）", "Dropout (dropout)"),
    "train.form.cutoff": ("1行の最大トークン数（cutoff）", "Most tokens of a row (cutoff)"),
    "train.form.batch": ("1ステップの行数（batch）", "Rows per step (batch)"),
    "train.form.micro_batch": (
        "一度に計算する量（cutoff の何倍か、micro_batch）",
        "Tokens computed at once, in cutoffs (micro_batch)",
    ),
    "train.form.val": ("評価用に取り分ける行数（val）", "Rows held out to judge by (val)"),
    "train.form.keep": (
        "元のモデルの答えを混ぜる割合（keep）",
        "Share of the model's own answers (keep)",
    ),
    "train.form.seed": ("乱数のシード（seed）", "Seed of the random numbers (seed)"),
    "train.form.method": ("学習方法（method）", "Method (method)"),
    "train.form.method_sft": ("正しい答えを学ぶ（sft）", "Learn the right answers (sft)"),
    "train.form.method_dpo": (
        "直された答えを避けることも学ぶ（dpo）",
        "Also learn to avoid the corrected ones (dpo)",
    ),
    "train.form.method_hint": (
        "dpo を使えるのは、直された答えがあるデータだけです。",
        "dpo needs data with corrected answers.",
    ),
    "train.form.number_hint": (
        "空欄なら{default}。指定する場合は、{expected}。",
        "Empty: {default}. Otherwise {expected}.",
    ),
    "train.form.decided": ("データに合わせて決めます", "chosen to suit the data"),
}
