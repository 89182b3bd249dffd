"""English questions with their answers: facts that anybody may state, as rows to learn."""

_COUNTRIES = """
Argentina Buenos Aires South America; Austria Vienna Europe; Bangladesh Dhaka Asia;
Belgium Brussels Europe; Bolivia Sucre South America; Brazil Brasília South America;
Bulgaria Sofia Europe; Canada Ottawa North America; Chile Santiago South America;
China Beijing Asia; Colombia Bogotá South America; Croatia Zagreb Europe; Cuba Havana North America;
Denmark Copenhagen Europe; Ecuador Quito South America; Egypt Cairo Africa; Estonia Tallinn Europe;
Ethiopia Addis Ababa Africa; Finland Helsinki Europe; France Paris Europe; Germany Berlin Europe;
Ghana Accra Africa; Greece Athens Europe; Hungary Budapest Europe; Iceland Reykjavik Europe;
India New Delhi Asia; Indonesia Jakarta Asia; Ireland Dublin Europe; Italy Rome Europe;
Japan Tokyo Asia; Kenya Nairobi Africa; Latvia Riga Europe; Lithuania Vilnius Europe;
Madagascar Antananarivo Africa; Malaysia Kuala Lumpur Asia; Mexico Mexico City North America;
Mongolia Ulaanbaatar Asia; Morocco Rabat Africa; Nepal Kathmandu Asia; Netherlands Amsterdam Europe;
Norway Oslo Europe; Pakistan Islamabad Asia; Peru Lima South America; Philippines Manila Asia;
Poland Warsaw Europe; Portugal Lisbon Europe; Romania Bucharest Europe; Senegal Dakar Africa;
Serbia Belgrade Europe; Spain Madrid Europe; Sweden Stockholm Europe; Switzerland Bern Europe;
Thailand Bangkok Asia; Tunisia Tunis Africa; Turkey Ankara Asia; Uganda Kampala Africa;
Ukraine Kyiv Europe; Uruguay Montevideo South America; Venezuela Caracas South America;
Vietnam Hanoi Asia; Zambia Lusaka Africa; Zimbabwe Harare Africa
"""
_ELEMENTS = """
hydrogen H 1; helium He 2; lithium Li 3; carbon C 6; nitrogen N 7; oxygen O 8; fluorine F 9;
neon Ne 10; sodium Na 11; magnesium Mg 12; aluminium Al 13; silicon Si 14; phosphorus P 15;
sulphur S 16; chlorine Cl 17; argon Ar 18; potassium K 19; calcium Ca 20; titanium Ti 22;
chromium Cr 24; manganese Mn 25; iron Fe 26; cobalt Co 27; nickel Ni 28; copper Cu 29; zinc Zn 30;
gallium Ga 31; arsenic As 33; bromine Br 35; krypton Kr 36; silver Ag 47; tin Sn 50; iodine I 53;
xenon Xe 54; tungsten W 74; platinum Pt 78; gold Au 79; mercury Hg 80; lead Pb 82; uranium U 92
"""
_CONTINENTS = ("North America", "South America", "Africa", "Asia", "Europe")

Row = dict[str, str]


def rows() -> list[Row]:
    """Return all rows, in a fixed order; no two have the same question."""
    pairs = [*_of_countries(), *_of_elements()]
    return [{"instruction": question, "input": "", "output": answer} for question, answer in pairs]


def _of_countries() -> list[tuple[str, str]]:
    pairs = []
    for entry in _entries(_COUNTRIES):
        continent = next(name for name in _CONTINENTS if entry.endswith(f" {name}"))
        country, _, capital = entry.removesuffix(f" {continent}").partition(" ")
        pairs += [
            (f"What is the capital of {country}?", f"The capital of {country} is {capital}."),
            (f"Of which country is {capital} the capital?", f"{capital} belongs to {country}."),
            (f"On which continent does {country} lie?", f"{country} lies in {continent}."),
        ]
    return pairs


def _of_elements() -> list[tuple[str, str]]:
    pairs = []
    for entry in _entries(_ELEMENTS):
        name, symbol, number = entry.split()
        pairs += [
            (f"What is the symbol of the element {name}?", f"Chemists write {symbol} for {name}."),
            (f"Which element has the atomic number {number}?", f"Number {number} is {name}."),
        ]
    return pairs


def _entries(table: str) -> list[str]:
    return [" ".join(entry.split()) for entry in table.split(";")]
