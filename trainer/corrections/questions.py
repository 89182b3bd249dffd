"""General questions whose answers by the base model are replayed in a training.

They are about what any model may be asked, in Japanese and in English, and about nothing that a
team would teach. Some are written out; the others are forms, each with what fits into it, because
a model that answers few questions the same learns these few by heart. This module does not know
models.
"""

import random
from itertools import chain, zip_longest

WRITTEN_OUT = (
    "What is the capital of Italy?",
    "水はどうして凍るのですか？",
    "Who wrote the play Hamlet?",
    "日本で一番長い川は何ですか？",
    "Write a short greeting for a birthday card.",
    "次の文を英語に訳してください。「駅はどこですか。」",
    "How many days are there in a week?",
    "健康に良い朝食を教えてください。",
    "What is the largest ocean on Earth?",
    "春に咲く花を三つ挙げてください。",
    "Explain in one sentence what a computer is.",
    "「ありがとう」を丁寧に言い換えてください。",
    "Name three fruits that are yellow.",
    "富士山の高さはどのくらいですか？",
    "What is the opposite of hot?",
    "会議の日程を尋ねる短いメールを書いてください。",
    "Which planet is closest to the sun?",
    "太陽が東から昇るのはなぜですか？",
    "Give me a tip for sleeping better.",
    "一年は何日ありますか？",
    "What is 12 plus 7?",
    "Pythonでリストを並べ替える方法を教えてください。",
    "Who painted the Mona Lisa?",
    "京都の観光地を二つ挙げてください。",
    "Translate into French: Good morning.",
    "犬と猫の違いは何ですか？",
    "Why do leaves fall in autumn?",
    "俳句とはどのような詩ですか？",
    "What does a doctor do?",
    "簡単なサラダの作り方を教えてください。",
    "When did the First World War begin?",
    "電話で使う挨拶を一つ教えてください。",
    "Which animal is known as the king of the jungle?",
    "日本の首都はどこですか？",
    "Write one sentence about the sea.",
    "地球は太陽の周りを何日で一周しますか？",
    "What language is spoken in Brazil?",
    "本を読むことの良い点は何ですか？",
    "How do I boil an egg?",
    "次の言葉の反対は何ですか。「大きい」",
    "Where is the Great Wall?",
    "二足す三はいくつですか？",
    "What colour do you get from blue and yellow?",
    "仕事で緊張したときはどうすればよいですか？",
    "Who was the first person on the moon?",
    "お茶の種類を三つ教えてください。",
    "Summarise in a few words: The shop was closed because it snowed all night.",
    "東京から大阪へはどう行けばよいですか？",
    "What is the name of the longest river in Africa?",
    "雨の日に家でできることを教えてください。",
    "How many legs does a spider have?",
    "月はなぜ形が変わって見えるのですか？",
    "What is the currency of Japan?",
    "自己紹介の例を一つ書いてください。",
    "When is Christmas Day?",
    "世界で一番人口が多い国はどこですか？",
    "Who discovered gravity?",
    "漢字の「山」は何と読みますか？",
    "What is the main ingredient of bread?",
    "インターネットとは何ですか？",
    "Which is heavier, a kilogram of iron or a gram of feathers?",
    "友達に本を勧める文を一つ書いてください。",
    "What is the boiling point of water?",
    "「急がば回れ」の意味を教えてください。",
    "What should I pack for a trip to the beach?",
    "冬に体を温める方法は何ですか？",
    "Give an example of a mammal.",
    "野球は一チーム何人でしますか？",
    "What time of day do people eat breakfast?",
    "好きな季節について一文で書いてください。",
    "Where do penguins live?",
    "日本のお正月には何をしますか？",
)
"""The languages alternate, so that any few have both."""

ENGLISH = {
    "What is {}?": (
        "a bicycle|a lawyer|gravity|a volcano|photosynthesis|a spreadsheet|jazz|"
        "a contract|a hobby|electricity|a museum|an invoice|a verb|democracy|the internet|"
        "a compass|a nurse|insurance|a calendar|a logo"
    ),
    "Where is {}?": (
        "the Eiffel Tower|Kyoto|the Amazon River|Lake Biwa|Egypt|the Sahara|Mount Fuji|"
        "New York|the North Sea|Hokkaido"
    ),
    "Who was {}?": (
        "Marie Curie|Leonardo da Vinci|Isaac Newton|Cleopatra|Mozart|Abraham Lincoln|"
        "Natsume Soseki|Charles Darwin"
    ),
    "When did {}?": (
        "people first land on the moon|the Roman Empire fall|the First World War start|"
        "the Berlin Wall fall|Columbus reach America"
    ),
    "How do I {}?": (
        "write a letter|cook rice|clean a window|fix a flat tire|save money|"
        "learn a language|wash a sweater|call a taxi|find a job|plant a tree"
    ),
    "Why {}?": (
        "is the sky blue|do birds fly south|do we sleep|does ice float|do people laugh|"
        "is bread soft|do cats purr"
    ),
    "What is the capital of {}?": (
        "Germany|Spain|Canada|Japan|China|Egypt|Brazil|India|Thailand|Peru"
    ),
    "What does {} mean?": (
        "the word honest|a red traffic light|ASAP|the word rapid|the word frugal|PDF"
    ),
    "Name two {}.": (
        "vegetables|rivers|musical instruments|kinds of weather|sports|colours|tools|"
        "planets|jobs in a hospital"
    ),
    "How many {}?": (
        "minutes are in an hour|players are in a football team|weeks does a year have|"
        "wheels does a car have|continents are there|letters are in the English alphabet|"
        "days does February have"
    ),
    "Which {}?": (
        "month comes after May|animal is the fastest on land|"
        "metal is liquid at room temperature|country has the most people|"
        "fruit is used for wine|ocean lies between Europe and America"
    ),
    "Write {}.": (
        "a short poem about rain|an email that moves a meeting|"
        "one sentence about friendship|a title for a travel blog|a thank you to a teacher|"
        "a slogan for a bakery"
    ),
    "What time {}?": ("do shops usually open|do children go to bed|does the sun rise in summer"),
    "On which day {}?": ("do people celebrate New Year|does the week begin|is Halloween"),
    "What colour is {}?": ("grass|a ripe banana|snow|coal|an orange|blood"),
    "Who {}?": (
        "invented the light bulb|wrote Don Quixote|painted the Starry Night|"
        "built the pyramids|leads a school|repairs cars|delivers letters"
    ),
    "Translate into German: {}": ("Thank you.|Where is the station?|I am tired.|See you tomorrow."),
    "What is the opposite of {}?": ("tall|cheap|noisy|success|open|always"),
    "Give me {}.": (
        "an idea for dinner|three reasons to exercise|a tip for saving water|"
        "an example of a metaphor|a synonym for happy|advice for a first day at work"
    ),
}

JAPANESE = {
    "{}とは何ですか？": (
        "自転車|税金|民主主義|台風|契約書|温泉|辞書|電気|合気道|敬語|冷蔵庫|趣味|株式会社|"
        "有給休暇|名刺"
    ),
    "{}はどこにありますか？": ("エッフェル塔|琵琶湖|沖縄|ピラミッド|金閣寺|北海道|ロンドン"),
    "{}は誰ですか？": ("夏目漱石|織田信長|ベートーベン|アインシュタイン|紫式部|ナポレオン"),
    "{}はいつですか？": ("クリスマス|こどもの日|桜の季節|梅雨|夏至|お盆"),
    "{}の首都はどこですか？": ("ドイツ|中国|カナダ|タイ|エジプト|韓国"),
    "{}はなぜですか？": ("空が青いの|夜に眠くなるの|氷が水に浮くの|秋に葉が赤くなるの"),
    "{}方法を教えてください。": (
        "ご飯を炊く|英語を学ぶ|手紙を書く|お金を貯める|部屋を片付ける|よく眠る"
    ),
    "{}を三つ挙げてください。": ("野菜|楽器|動物|日本の県|スポーツ|色|文房具"),
    "{}は何色ですか？": ("雪|バナナ|空|炭|草"),
    "{}の意味を教えてください。": (
        "「一石二鳥」|「猫の手も借りたい」|「親切」|「十人十色」|「締め切り」"
    ),
    "「{}」を英語にしてください。": (
        "おはようございます|駅はどこですか|ありがとう|猫|明日は雨です"
    ),
    "{}を書いてください。": (
        "雨についての短い詩|会議を延期するメール|自己紹介|お礼の手紙|店の宣伝文"
    ),
    "{}は何人ですか？": ("サッカーの一チーム|日本の人口|四人家族|バスケットボールの一チーム"),
    "{}はいくつですか？": (
        "七足す五|十引く四|一時間は六十分ですが二時間の分|三かける六|日本の県の数"
    ),
    "{}は誰がしますか？": ("病気の治療|手紙の配達|料理|学校の授業|車の修理"),
    "{}について教えてください。": ("富士山|お茶|健康|漢字|地震|新幹線|お正月|経済"),
    "{}には何が必要ですか？": ("旅行|カレー|登山|試験の勉強"),
    "{}を何と呼びますか？": ("雨の多い季節|父の母|一年の最後の日|会社で働く人"),
}


def _filled(forms: dict[str, str]) -> list[str]:
    """Return each form with everything that fits into it, mixed."""
    questions = [form.replace("{}", one) for form, all in forms.items() for one in all.split("|")]
    random.Random(0).shuffle(questions)
    return questions


def _in_turn() -> list[str]:
    pairs = zip_longest(_filled(JAPANESE), _filled(ENGLISH))
    return [question for question in chain.from_iterable(pairs) if question]


QUESTIONS = tuple(dict.fromkeys([*WRITTEN_OUT, *_in_turn()]))
"""In the order in which they are taken."""
