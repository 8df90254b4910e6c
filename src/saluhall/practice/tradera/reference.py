"""The marketplace's code tables. Numbers nobody outside knows for certain are our own choice."""

ACCEPTED_BIDDERS = {1: "Sverige", 3: "Internationellt", 4: "EU"}
ITEM_TYPES = {1: "Auktion", 3: "Endast Köp nu", 4: "Butiksannons"}
CONDITIONS = {1: "Ny", 2: "Begagnad"}
EXPO_ITEM_TYPES = {1: "Fet stil", 2: "Färgmarkering", 3: "Utvald annons"}
VAT_RATES = (0, 6, 12, 25)
COUNTIES = {
    1: "Stockholms län",
    3: "Uppsala län",
    4: "Södermanlands län",
    5: "Östergötlands län",
    6: "Jönköpings län",
    7: "Kronobergs län",
    8: "Kalmar län",
    9: "Gotlands län",
    10: "Blekinge län",
    12: "Skåne län",
    13: "Hallands län",
    14: "Västra Götalands län",
    17: "Värmlands län",
    18: "Örebro län",
    19: "Västmanlands län",
    20: "Dalarnas län",
    21: "Gävleborgs län",
    22: "Västernorrlands län",
    23: "Jämtlands län",
    24: "Västerbottens län",
    25: "Norrbottens län",
}
PAYMENT_OPTIONS = {
    4: "Banköverföring",
    8: "PlusGiro/Bankgiro",
    16: "Postförskott",
    32: "Kontant",
    4096: "Swish",
    16384: "Swish, kort eller PayPal",
}

PICKUP = 8
CRASHING_SHIPPING_OPTION = 10  # the real service answers 500 on it
SHIPPING_TYPES = {
    1: "Post",
    2: "DHL",
    3: "Schenker",
    4: "Bussgods",
    PICKUP: "Avhämtning",
    CRASHING_SHIPPING_OPTION: "Annat fraktsätt",
}
PROVIDERS = {1: "PostNord", 2: "DHL", 3: "DB Schenker", 4: "Instabox"}
# product, provider, name, heaviest kilogram, price
SHIPPING_PRODUCTS: tuple[tuple[int, int, str, float, int], ...] = (
    (1, 1, "Spårbart brev", 1.0, 49),
    (2, 1, "MyPack Collect", 3.0, 75),
    (3, 1, "MyPack Collect", 20.0, 149),
    (1, 2, "Service Point", 3.0, 65),
    (2, 2, "Service Point", 20.0, 129),
    (1, 3, "Ombud", 20.0, 119),
    (1, 4, "Skåp", 10.0, 59),
)
