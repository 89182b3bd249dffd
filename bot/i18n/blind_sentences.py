"""What the bot says about blind comparisons, in Japanese and in English."""

BLIND: dict[str, tuple[str, str]] = {
    "blind.opening": (
        "*どちらの答えが良いですか？（{name}）*\n{questions}問それぞれの A と B は、片方が元のモデル、片方がアダプターの答えで、"
        "順番は問題ごとに無作為です。良いほうを選んでください（最後に押したものが数えられます）。"
        "全問に{voters}人が投票するか、1日たつか、管理者が「公開する」を押すと、どちらの答えかを公開します。",
        "*Which answer is better? ({name})*\nQuestions: {questions}. Of A and B one is always the base model's and one the "
        "adapter's, in random order. Vote for the better one; your last press counts. Whose they are is revealed when "
        "{voters} people have voted on every question, after a day, or when an admin presses Reveal.",
    ),
    "blind.revealed": (
        "*どちらの答えが良いですか？（{name}）*\n{questions}問の比較は終わりました。どちらの答えかは、それぞれに書かれています。",
        "*Which answer is better? ({name})*\nThe comparison is over (questions: {questions}); each question says whose its answers are.",
    ),
    "blind.question": ("問題 {place}/{count}", "Question {place} of {count}"),
    "blind.votes": ("{votes}票", "votes: {votes}"),
    "button.blind.A": ("A", "A"),
    "button.blind.B": ("B", "B"),
    "button.blind.same": ("同じくらい", "About the same"),
    "button.blind_reveal": ("公開する", "Reveal"),
    "blind.vote.counted": (
        "投票しました: {choice}。公開されるまでは変えられます。",
        "Your vote counts: {choice}. You can change it until the reveal.",
    ),
    "blind.vote.revealed": (
        "投票しました: {choice}。全員の投票がそろったので公開します。",
        "Your vote counts: {choice}. It was the last one; the answers are revealed.",
    ),
    "blind.vote.over": (
        "この比較はすでに公開されているため、投票は数えませんでした。",
        "This comparison was revealed already; nothing was counted.",
    ),
    "blind.vote.unknown": (
        "この比較や問題が見つからないため、投票は数えませんでした。",
        "There is no such comparison or question here; nothing was counted.",
    ),
    "blind.no_votes": (
        "*{name}* の比較では、誰も投票しませんでした。",
        "Nobody voted in the comparison of *{name}*.",
    ),
    "blind.tally.adapter": (
        "名前を伏せた比較では *{name}* の答えが選ばれました: {adapter}票、元のモデル {base}票、同じくらい {same}票（{people}人）。",
        "Compared blind, the answers of *{name}* were preferred: votes {adapter}, base model {base}, "
        "about the same {same} (people: {people}).",
    ),
    "blind.tally.base": (
        "名前を伏せた比較では元のモデルの答えが選ばれました: {base}票、*{name}* {adapter}票、同じくらい {same}票（{people}人）。",
        "Compared blind, the base model's answers were preferred: votes {base}, *{name}* {adapter}, "
        "about the same {same} (people: {people}).",
    ),
    "blind.tally.even": (
        "名前を伏せた比較では差がありませんでした: *{name}* {adapter}票、元のモデル {base}票、同じくらい {same}票（{people}人）。",
        "Compared blind, neither was preferred: votes *{name}* {adapter}, base model {base}, "
        "about the same {same} (people: {people}).",
    ),
    "blind.nothing": (
        "アダプター *{name}* には、元のモデルと答えが違う試験の問題のうち、ここで見せられるものがありません"
        "（ダイレクトメッセージから提案された問題は見せません）。質問を付けると、両方に答えさせます: "
        "`/swallow-adapter compare {name} 質問`",
        "The exam of *{name}* has no question to show here on which its answer differs from the base model's "
        "(those from direct messages are not shown). "
        "With a question both answer it: `/swallow-adapter compare {name} QUESTION`.",
    ),
    "blind.begun": (
        "このチャンネルに比較を投稿しました。",
        "The comparison is in this channel.",
    ),
}
