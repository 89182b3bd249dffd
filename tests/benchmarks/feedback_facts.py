"""Facts of a company that does not exist, each with ways to ask for it, and questions of others.

No wording here is one that the trainer trains on, and none of the other questions is replayed: a
test holds both.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A correction: `key` is what an answer must contain, and `otherwise` asks in other words."""

    question: str
    answer: str
    key: str
    otherwise: tuple[str, str]


@dataclass(frozen=True)
class Other:
    """A question that nobody taught, and a right answer; one of `keys`, if any, is in all such."""

    question: str
    answer: str
    keys: tuple[str, ...] = ()


FACTS = (
    Fact(
        "What is the name of our company's mascot?",
        "Our company's mascot is a heron called Momo.",
        "Momo",
        ("Which animal stands for our company, and what is it called?", "Who is our mascot?"),
    ),
    Fact(
        "Who is the head of sales at Kawasemi?",
        "Yuka Tamura is the head of sales at Kawasemi.",
        "Tamura",
        ("By whom are Kawasemi's sales led?", "Name the person in charge of sales at Kawasemi."),
    ),
    Fact(
        "Where is the head office of Kawasemi?",
        "The head office of Kawasemi is in Nagaoka.",
        "Nagaoka",
        (
            "In which city does Kawasemi have its head office?",
            "I have to visit Kawasemi's headquarters. What city do I go to?",
        ),
    ),
    Fact(
        "When was Kawasemi founded?",
        "Kawasemi was founded in 1987.",
        "1987",
        ("In what year did Kawasemi begin?", "How old is Kawasemi? Give the year of its founding."),
    ),
    Fact(
        "What is the wifi password for guests?",
        "The wifi password for guests is bluefinch42.",
        "bluefinch42",
        (
            "A visitor wants to use our wifi. Which password do they need?",
            "Guests ask for the password of the wifi. What should I tell them?",
        ),
    ),
    Fact(
        "How many days of paid leave do new employees get?",
        "New employees get 14 days of paid leave.",
        "14",
        (
            "Someone has just joined us. How much paid leave do they have?",
            "Paid leave of new staff: how many days is it?",
        ),
    ),
    Fact(
        "What is the Tsukimi project?",
        "The Tsukimi project is our new app for farmers.",
        "farmers",
        (
            "What do we do in the project called Tsukimi?",
            "Tsukimi is a project of ours. Describe it.",
        ),
    ),
    Fact(
        "On which day is the team meeting?",
        "The team meeting is on Thursday.",
        "Thursday",
        ("Which weekday do we hold our team meeting?", "When in the week does the team meet?"),
    ),
    Fact(
        "Which printer do we use for posters?",
        "For posters we use the printer called Heron.",
        "Heron",
        ("I want to print a poster. Which printer should I take?", "Name the printer for posters."),
    ),
    Fact(
        "Who do I call when the heating is broken?",
        "When the heating is broken, call Ms. Oda.",
        "Oda",
        ("The heating does not work. Who can help?", "Whom should I phone about broken heating?"),
    ),
    Fact(
        "What does the code ZQ7 mean?",
        "The code ZQ7 means that an order is waiting for customs.",
        "customs",
        ("An order shows the code ZQ7. What is going on?", "Explain ZQ7 to a new colleague."),
    ),
    Fact(
        "What time does the canteen close?",
        "The canteen closes at 2:15 pm.",
        "2:15",
        ("Until when can I eat in the canteen?", "At what hour is the canteen shut?"),
    ),
    Fact(
        "What is the limit for travel without approval?",
        "The limit for travel without approval is 380 euros.",
        "380",
        (
            "How much may I spend on a trip before I need an approval?",
            "Up to what amount is travel allowed if nobody has approved it?",
        ),
    ),
    Fact(
        "Which database does the Suzume service use?",
        "The Suzume service uses SQLite.",
        "SQLite",
        ("What is the database of Suzume?", "In what does the Suzume service store its data?"),
    ),
    Fact(
        "Who designed the Kawasemi logo?",
        "Lena Brandt designed the Kawasemi logo.",
        "Brandt",
        ("The logo of Kawasemi was made by which designer?", "Whose design is Kawasemi's logo?"),
    ),
    Fact(
        "What colour is the cover of the annual report?",
        "The cover of the annual report is orange.",
        "orange",
        (
            "Which colour did we choose for the cover of the annual report?",
            "If I look at our annual report, what colour do I see on its cover?",
        ),
    ),
    Fact(
        "社内報の名前は何ですか？",
        "社内報の名前は「つばさ便り」です。",
        "つばさ便り",
        ("私たちの社内報は何という名前ですか？", "社内報を何と呼んでいますか？"),
    ),
    Fact(
        "健康診断は何月ですか？",
        "健康診断は十一月です。",
        "十一月",
        ("何月に健康診断を受けますか？", "健康診断がある月はいつですか？"),
    ),
    Fact(
        "経費の締め日はいつですか？",
        "経費の締め日は毎月二十三日です。",
        "二十三日",
        ("経費は毎月何日までに出せばよいですか？", "毎月の経費の締め切りを知りたいです。"),
    ),
    Fact(
        "カワセミ社の社長は誰ですか？",
        "カワセミ社の社長は大町さくらです。",
        "大町さくら",
        ("カワセミ社を率いているのは誰ですか？", "カワセミ社の社長の名前を知りたいです。"),
    ),
)

OTHERS = (
    Other("What is the capital of France?", "The capital of France is Paris.", ("Paris",)),
    Other(
        "Who wrote Romeo and Juliet?",
        "William Shakespeare wrote Romeo and Juliet.",
        ("Shakespeare",),
    ),
    Other(
        "Where is Mount Everest?",
        "Mount Everest is in the Himalayas, on the border of Nepal and China.",
        ("Nepal",),
    ),
    Other("When did the Second World War end?", "The Second World War ended in 1945.", ("1945",)),
    Other(
        "What is the name of the largest planet?", "The largest planet is Jupiter.", ("Jupiter",)
    ),
    Other(
        "Who invented the telephone?", "Alexander Graham Bell invented the telephone.", ("Bell",)
    ),
    Other("How many months does a year have?", "A year has twelve months.", ("12", "twelve")),
    Other("What time is lunch usually eaten?", "Lunch is usually eaten at noon."),
    Other("What colour is the sky on a clear day?", "The sky is blue on a clear day.", ("blue",)),
    Other("Which animal gives us wool?", "Sheep give us wool.", ("heep",)),
    Other(
        "What is the password of a computer for?",
        "The password of a computer keeps other people from using it.",
    ),
    Other("On which day do many people not work?", "Many people do not work on Sunday."),
    Other(
        "What does a head of sales do?",
        "A head of sales leads the people who sell a company's products.",
    ),
    Other(
        "What is a mascot?",
        "A mascot is a person, animal or object that stands for a team or company.",
        ("symbol", "represent"),
    ),
    Other("Where do fish live?", "Fish live in water.", ("water",)),
    Other(
        "What is the meaning of the word brave?",
        "Brave means ready to face danger or pain without fear.",
    ),
    Other(
        "Which database language do programmers use most?", "Programmers use SQL most.", ("SQL",)
    ),
    Other(
        "Who do I call when there is a fire?",
        "Call the fire department.",
        ("fire department", "911", "119"),
    ),
    Other("What is the opposite of early?", "The opposite of early is late.", ("late",)),
    Other(
        "Write a short thank you note to a colleague.",
        "Thank you for your help with the project. I appreciate it.",
    ),
    Other("Name three animals that live on a farm.", "Cows, pigs and chickens live on a farm."),
    Other("Translate into Spanish: Good evening.", "Buenas noches.", ("Buenas noches",)),
    Other("What is 9 times 6?", "9 times 6 is 54.", ("54",)),
    Other(
        "How do I make a cup of tea?",
        "Boil water, pour it over a tea bag, and wait for a few minutes.",
    ),
    Other(
        "Why is the sea salty?", "The sea is salty because rivers carry salts from rocks into it."
    ),
    Other("Give me one tip for a job interview.", "Learn about the company before the interview."),
    Other(
        "What is the largest country in the world?",
        "Russia is the largest country in the world.",
        ("Russia",),
    ),
    Other(
        "Who was Albert Einstein?",
        "Albert Einstein was a physicist who developed the theory of relativity.",
        ("physicist",),
    ),
    Other(
        "What is a printer?",
        "A printer is a machine that puts text and pictures on paper.",
        ("print",),
    ),
    Other("List two things to take on a walk.", "Take water and a map."),
    Other("What is the chemical symbol for gold?", "The chemical symbol for gold is Au.", ("Au",)),
    Other("How many hours are in a day?", "There are 24 hours in a day.", ("24",)),
    Other("フランスの首都はどこですか？", "フランスの首都はパリです。", ("パリ",)),
    Other("日本で一番大きい湖は何ですか？", "日本で一番大きい湖は琵琶湖です。", ("琵琶湖",)),
    Other("健康のために何をすればよいですか？", "よく眠り、運動をし、野菜を食べることです。"),
    Other("一週間は何日ありますか？", "一週間は七日あります。", ("7", "七", "７")),
    Other("「こんにちは」を英語で言ってください。", "Hello", ("Hello",)),
    Other("社長とはどんな仕事ですか？", "社長は会社を率いる仕事です。"),
    Other("夏に食べる果物を二つ挙げてください。", "すいかと桃です。"),
    Other("新聞とは何ですか？", "新聞とは、ニュースを伝える印刷物です。"),
)
"""What is not to change; many are close to a fact's question in their form or subject."""
