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
    "What is the capital of France?",
    "Who wrote Romeo and Juliet?",
    "Where is Mount Everest?",
    "When did the Second World War end?",
    "What is the name of the largest planet?",
    "Who invented the telephone?",
    "How many months does a year have?",
    "What time is lunch usually eaten?",
    "What colour is the sky on a clear day?",
    "Which animal gives us wool?",
    "What is the password of a computer for?",
    "On which day do many people not work?",
    "What does a head of sales do?",
    "What is a mascot?",
    "Where do fish live?",
    "What is the meaning of the word brave?",
    "Which database language do programmers use most?",
    "Who do I call when there is a fire?",
    "What is the opposite of early?",
    "Write a short thank you note to a colleague.",
    "Name three animals that live on a farm.",
    "Translate into Spanish: Good evening.",
    "What is 9 times 6?",
    "How do I make a cup of tea?",
    "Why is the sea salty?",
    "Give me one tip for a job interview.",
    "What is the largest country in the world?",
    "Who was Albert Einstein?",
    "What is a printer?",
    "List two things to take on a walk.",
    "What is the chemical symbol for gold?",
    "How many hours are in a day?",
    "フランスの首都はどこですか？",
    "日本で一番大きい湖は何ですか？",
    "健康のために何をすればよいですか？",
    "一週間は何日ありますか？",
    "「こんにちは」を英語で言ってください。",
    "社長とはどんな仕事ですか？",
    "夏に食べる果物を二つ挙げてください。",
    "新聞とは何ですか？",
)
"""What is not to change; many are close to a fact's question in their form or subject."""
