//! What is said in the measurement: ordinary narrations with pauses, numbers and long words.
//!
//! Who says it is in `speakers`.

/// Sentences of one language. Those with an even index were looked at when the aligner's numbers were chosen; the others
/// were not.
pub struct Language {
    /// BCP 47.
    pub tag: &'static str,
    pub sentences: &'static [&'static str],
}

pub const LANGUAGES: &[Language] = &[
    Language {
        tag: "en",
        sentences: &[
            "On the twentieth of July 1969, two men walked on the Moon while the whole world was watching.",
            "Octopuses have three hearts, and two of them stop beating whenever the animal swims.",
            "If you fold a sheet of paper forty times, it would reach farther than you think.",
            "The oldest tree in the forest was already tall when the pyramids were built, and it is still growing today.",
            "Nobody believed her at first. Then the letters arrived, one after another, and everything changed.",
            "Honey never spoils; jars that were found in ancient tombs could still be eaten.",
            "A single bolt of lightning carries enough energy to toast a hundred thousand slices of bread.",
            "Why do we yawn? Scientists have argued about it for 200 years without finding an answer.",
            "The ship left the harbour at midnight, turned north, and was never seen again.",
            "Your brain uses about a fifth of all the energy your body makes, even when you are asleep.",
            "Somewhere in the desert, a small radio still listens for signals from the edge of the solar system.",
            "She painted every morning before breakfast, and in the evening she gave the pictures away.",
        ],
    },
    Language {
        tag: "pt-BR",
        sentences: &[
            "Em 1969, dois homens caminharam na Lua enquanto o mundo inteiro assistia pela televisão.",
            "O polvo tem três corações, e dois deles param de bater quando ele nada.",
            "A maior floresta tropical do planeta guarda segredos que ninguém conhece ainda.",
            "Ninguém acreditou nela no começo. Depois chegaram as cartas, uma por uma, e tudo mudou.",
            "O mel nunca estraga; potes encontrados em túmulos antigos ainda podiam ser comidos.",
            "Você sabia que o coração de uma baleia azul pesa quase duzentos quilos?",
            "O navio deixou o porto à meia-noite, virou para o norte e nunca mais foi visto.",
            "Todas as manhãs, antes do café, ela pintava um quadro e o dava de presente.",
            "Nosso cérebro gasta um quinto da energia do corpo, mesmo enquanto dormimos.",
            "A luz do Sol demora oito minutos para chegar até aqui, e nós nem percebemos.",
        ],
    },
    Language {
        tag: "es",
        sentences: &[
            "En 1969, dos hombres caminaron sobre la Luna mientras todo el mundo miraba la televisión.",
            "El pulpo tiene tres corazones, y dos de ellos se detienen cuando nada.",
            "La montaña más alta del sistema solar no está en la Tierra, sino en Marte.",
            "Nadie le creyó al principio. Luego llegaron las cartas, una tras otra, y todo cambió.",
            "La miel nunca se estropea; la que se encontró en tumbas antiguas todavía se podía comer.",
            "¿Sabías que el corazón de una ballena azul pesa casi doscientos kilos?",
            "El barco salió del puerto a medianoche, giró hacia el norte y nadie volvió a verlo.",
            "Cada mañana, antes del desayuno, pintaba un cuadro y por la tarde lo regalaba.",
            "El cerebro gasta una quinta parte de la energía del cuerpo, incluso cuando dormimos.",
            "La luz del Sol tarda ocho minutos en llegar hasta nosotros, y ni siquiera lo notamos.",
        ],
    },
    Language {
        tag: "fr",
        sentences: &[
            "En 1969, deux hommes ont marché sur la Lune pendant que le monde entier regardait.",
            "La pieuvre a trois cœurs, et deux d'entre eux s'arrêtent lorsqu'elle nage.",
            "La plus haute montagne du système solaire ne se trouve pas sur Terre, mais sur Mars.",
            "Au début, personne ne l'a crue. Puis les lettres sont arrivées, et tout a changé.",
            "Le miel ne se gâte jamais; celui des tombes anciennes pouvait encore être mangé.",
            "Saviez-vous que le cœur d'une baleine bleue pèse presque deux cents kilos?",
            "Le navire quitta le port à minuit, prit la route du nord et ne revint jamais.",
            "Chaque matin, avant le petit déjeuner, elle peignait un tableau, puis elle le donnait.",
            "Notre cerveau dépense un cinquième de notre énergie, même quand nous dormons.",
            "La lumière du Soleil met huit minutes pour arriver jusqu'à nous.",
        ],
    },
    Language {
        tag: "de",
        sentences: &[
            "Im Jahr 1969 betraten zwei Menschen den Mond, und die ganze Welt sah ihnen dabei zu.",
            "Ein Krake hat drei Herzen, und zwei davon bleiben stehen, wenn er schwimmt.",
            "Der höchste Berg des Sonnensystems steht nicht auf der Erde, sondern auf dem Mars.",
            "Zuerst glaubte ihr niemand. Dann kamen die Briefe, einer nach dem anderen, und alles wurde anders.",
            "Honig verdirbt nie; sogar der aus uralten Gräbern war noch genießbar.",
            "Wussten Sie, dass das Herz eines Blauwals fast zweihundert Kilo wiegt?",
            "Das Schiff verließ den Hafen um Mitternacht, fuhr nach Norden und wurde nie wieder gesehen.",
            "Jeden Morgen malte sie vor dem Frühstück ein Bild, und am Abend verschenkte sie es.",
            "Unser Gehirn verbraucht ein Fünftel der Energie des Körpers, selbst wenn wir schlafen.",
            "Das Licht der Sonne braucht acht Minuten bis zu uns, und wir merken nichts davon.",
        ],
    },
    Language {
        tag: "it",
        sentences: &[
            "Nel 1969 due uomini camminarono sulla Luna mentre tutto il mondo li guardava.",
            "Il polpo ha tre cuori, e due di essi si fermano quando nuota.",
            "La montagna più alta del sistema solare non si trova sulla Terra, ma su Marte.",
            "All'inizio nessuno le credette. Poi arrivarono le lettere, una dopo l'altra, e tutto cambiò.",
            "Il miele non va mai a male; quello trovato nelle tombe antiche era ancora buono.",
            "Sapevi che il cuore di una balena azzurra pesa quasi duecento chili?",
            "La nave lasciò il porto a mezzanotte, virò verso nord e nessuno la vide mai più.",
            "Ogni mattina, prima di colazione, dipingeva un quadro e la sera lo regalava.",
            "Il nostro cervello consuma un quinto dell'energia del corpo, anche quando dormiamo.",
            "La luce del Sole impiega otto minuti per arrivare fino a noi.",
        ],
    },
    Language {
        tag: "fi",
        sentences: &[
            "Kaksi miestä käveli kuun pinnalla, ja koko maailma katsoi heitä.",
            "Mustekalalla on kolme sydäntä, ja kaksi niistä pysähtyy, kun se ui.",
            "Kukaan ei uskonut häntä aluksi. Sitten kirjeet saapuivat, ja kaikki muuttui.",
            "Laiva lähti satamasta keskiyöllä, kääntyi pohjoiseen eikä palannut koskaan.",
            "Auringon valo tarvitsee kahdeksan minuuttia päästäkseen meidän luoksemme.",
            "Joka aamu ennen aamiaista hän maalasi kuvan ja antoi sen illalla pois.",
        ],
    },
    Language {
        tag: "ca",
        sentences: &[
            "Dos homes van caminar sobre la Lluna mentre tot el món els mirava.",
            "El pop té tres cors, i dos d'ells s'aturen quan neda.",
            "Al principi ningú no la va creure. Després van arribar les cartes, i tot va canviar.",
            "El vaixell va sortir del port a mitjanit, va girar cap al nord i ningú no el va veure mai més.",
            "La llum del Sol triga vuit minuts a arribar fins a nosaltres.",
            "Cada matí, abans d'esmorzar, pintava un quadre i al vespre el regalava.",
        ],
    },
];
