"""Sentences about adapters that are refused, in Japanese and in English."""

ADAPTERS: tuple[tuple[str, str], ...] = (
    ("アダプター {name} は {folder} にありません。", "There is no adapter {name} in {folder}."),
    (
        "アダプター {name} は使用中です。先に外してください。",
        "The adapter {name} is in use; switch it off first.",
    ),
    (
        "アダプター {name} は {channels} で使用中です。先にそこで外してください。",
        "The adapter {name} is in use in {channels}; switch it off there first.",
    ),
    (
        "{name} はアダプターの名前ではありません。",
        "{name} is not the name of an adapter.",
    ),
    (
        "{name} はアダプターの名前に使えません（英数字、「.」「_」「-」、64文字まで、先頭は英数字）。",
        "{name} cannot name an adapter: use letters, digits, '.', '_' and '-', "
        "at most 64, starting with a letter or digit.",
    ),
    (
        "アダプター {name} は {trained_on} で学習したもので、{model} では使えません。",
        "The adapter {name} was trained on {trained_on} and cannot be used with {model}.",
    ),
    (
        "アダプター {name} は LoRA ではありません。使えるのは LoRA だけです。",
        "The adapter {name} is not a LoRA; only LoRA is supported.",
    ),
    (
        "アダプター {name} は {what} を使っていますが、対応していません。",
        "The adapter {name} uses {what}, which is not supported.",
    ),
    (
        "アダプター {name} のランクは {rank} ですが、使えるのは1から{most}までです。",
        "The adapter {name} has rank {rank}; 1 to {most} is possible.",
    ),
    (
        "アダプター {name} の lora_alpha は {alpha} ですが、使えるのは0より大きく100万未満の数です。",
        "The adapter {name} has lora_alpha {alpha}; "
        "a number above 0 and below 1,000,000 is possible.",
    ),
    (
        "アダプター {name} が変えるのは {changed} ですが、このモデルで変えられるのは {possible} だけです。",
        "The adapter {name} changes {changed}; of this model only {possible} can be changed.",
    ),
    (
        "アダプター {name} が変えるのは {changed} ですが、変えられるのは {possible} だけです。",
        "The adapter {name} changes {changed}; only {possible} can be changed.",
    ),
    (
        "アダプター {name} は受け付けられません。{file} は safetensors ではありません。",
        "The adapter {name} is refused: {file} is not safetensors.",
    ),
    (
        "アダプター {name} は受け付けられません。{file} は {size} MB ですが、使えるのは {most} MB までの通常のファイルです。",
        "The adapter {name} is refused: {file} has {size} MB "
        "and at most {most} MB in a regular file is accepted.",
    ),
    (
        "アダプター {name} の {file} が壊れています。",
        "The adapter {name} has a broken {file}.",
    ),
    (
        "アダプター {name} の {file} を読めません（{reason}）。",
        "The adapter {name} has no readable {file} ({reason}).",
    ),
    ("アダプター {name} を読めません。", "The adapter {name} cannot be read."),
    (
        "アダプター {name} はモデルに合いません（テンソルの名前か形が違います）。",
        "The adapter {name} does not fit the model: its tensors differ in name or shape.",
    ),
    (
        "アダプター {name} に、有限でない値が含まれています。",
        "The adapter {name} holds values that are not finite.",
    ),
    (
        "アダプター {name} には、まだ答えていない質問があります。答え終わってからもう一度試してください。",
        "The adapter {name} still has questions to answer; try again when they are.",
    ),
    (
        "アダプター {name} はこのホストにもうなく、どこからも公開されていません。",
        "The adapter {name} is not on this host any more, and nobody has published it.",
    ),
    (
        "アダプター {name} の公開に時間がかかりすぎました。もう一度使用を指定してください。",
        "Publishing the adapter {name} took too long; use it again.",
    ),
    (
        "アダプター {name} のファイルが、確認したあとで置き換えられました。",
        "The files of adapter {name} were replaced after they were checked.",
    ),
    (
        "アダプター {name} のファイルが置き換えられました。",
        "The files of adapter {name} were replaced.",
    ),
    (
        "アダプター {name} のファイルがなくなりました。",
        "The files of adapter {name} are gone.",
    ),
    (
        "ブローカーがアダプター {name} のファイルを受け付けませんでした（{reason}）。"
        "ブローカーのメモリーを増やしてから、もう一度使用を指定してください。",
        "The broker did not take the files of adapter {name} ({reason}); "
        "give it more memory, then use the adapter again.",
    ),
    (
        "アダプター {name} のファイルが壊れて届きました。学習したホストでもう一度使用を指定すると直ります。",
        "The files of adapter {name} arrived damaged; "
        "use the adapter again where it was trained, which repairs them.",
    ),
    (
        "アダプター {name} のファイルがブローカーにそろっていません。学習したホストでもう一度使用を指定すると直ります。",
        "The files of adapter {name} are no longer complete in the broker; "
        "use the adapter again where it was trained, which repairs them.",
    ),
    (
        "{digest} として公開されたものは、アダプターではありません。",
        "What was published as {digest} is not an adapter.",
    ),
    (
        "PEFT がアダプター {name} のテンソルをすべては読み込めませんでした。",
        "PEFT did not load all tensors of the adapter {name}.",
    ),
    (
        "アダプター {name} は元のモデルより悪い答えをします。",
        "The adapter {name} answers worse than the base model, as `swallow adapter show` "
        "says in full; add --anyway to use it all the same.",
    ),
)
