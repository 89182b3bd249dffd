"""Sentences about training data, in Japanese and in English."""

DATA: tuple[tuple[str, str], ...] = (
    (
        "{source} にデータがありません。JSON・JSONL・CSV のファイル、それらのフォルダー、"
        "kunishou/databricks-dolly-15k-ja のようなデータセットのID、または `sample` を指定してください。",
        "There is no data at {source}; name a JSON, JSONL or CSV file, a folder of them, "
        "a dataset id like kunishou/databricks-dolly-15k-ja, or `sample`.",
    ),
    (
        "--data-path の {source} を読めません（{reason}）。",
        "--data-path {source} cannot be read: {reason}.",
    ),
    (
        "フォルダー {folder} に JSON・JSONL・CSV のファイルがありません。",
        "The folder {folder} holds no JSON, JSONL or CSV file.",
    ),
    (
        "ファイル {name} がなく、その名前のデータセットも取得できませんでした（{reason}）。"
        "パス、名前、ネットワークを確認してください。",
        "There is no file {name}, and a dataset of that name could not be fetched ({reason})"
        "; check the path, the name and the network.",
    ),
    (
        "{source} に行がありません（必要な形式: {expected}）。",
        "{source} holds no rows; expected {expected}.",
    ),
    (
        "{source} の{count}行には、学習できる行がありません（{reasons}）。",
        "None of the {count} rows of {source} can be learned from: {reasons}.",
    ),
    (
        "{source} の{count}行のうち、学習に使える行が残りませんでした（{reasons}）。",
        "None of the {count} rows of {source} is left to train on: {reasons}.",
    ),
    (
        "ファイル {file} は空です（必要な形式: {expected}）。",
        "The file {file} is empty; expected rows of {expected}.",
    ),
    (
        "ファイル {file} を読めません（{reason}）。",
        "The file {file} cannot be read: {reason}.",
    ),
    (
        "ファイル {file} は UTF-8 ではありません（{line}行目）。たとえば `{command}` で変換してください。",
        "The file {file} is not UTF-8 (line {line}); convert it, for instance with `{command}`.",
    ),
    (
        "{file} の{line}行目は正しい JSON ではありません（{reason}）。",
        "{file}, line {line} is not valid JSON: {reason}.",
    ),
    (
        "{file} の{line}行目は正しい CSV ではありません（{reason}）。",
        "{file}, line {line} is not valid CSV: {reason}.",
    ),
    (
        "{place}は、キーを持つオブジェクトではありません（必要な形式: {expected}）。",
        "{place} is not an object with keys; expected {expected}.",
    ),
    (
        "{place}の列の数が見出しと合いません。",
        "{place} has more or fewer fields than the header.",
    ),
    (
        "{place}のキーは {keys} です（必要な形式: {expected}）。",
        "{place} has the keys {keys}; expected {expected}.",
    ),
    (
        "{place}の形式は {shape} ですが、それまでの行は {before} です。1つのデータセットの形式は1つにそろえてください。",
        "{place} has the shape {shape}, "
        "but the rows before it have {before}; keep one shape per data set.",
    ),
    (
        "{place}の {key} は文字列でなければなりません（いまは {kind}）。",
        "{place}: {key} must be text, not {kind}.",
    ),
    (
        "{place}のメッセージには role（system、user、assistant）が必要です。",
        "{place}: a message needs a role (system, user, assistant).",
    ),
)
