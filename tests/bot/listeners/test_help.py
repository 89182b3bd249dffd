"""`/swallow-help` in the language of the person who asks."""

from tests.bot.conftest import Person, Serve


async def test_the_help_comes_in_the_persons_language(serve: Serve, person: Person) -> None:
    for user, locale in (("UALICE", "ja-JP"), ("UBOB", "en-GB")):
        assert (await person.local("locale", {"user": user, "locale": locale}))["ok"]
    async with serve():
        await person.command("/swallow-help", user="UALICE")
        await person.command("/swallow-help", user="UBOB")
        japanese = await person.told("回答のボタン", "UALICE")
        english = await person.told("Buttons of an answer", "UBOB")

    assert "@swallow 日本で一番高い山は" in japanese
    assert "`max=512 temp=0.2 adapter=faq`" in english
