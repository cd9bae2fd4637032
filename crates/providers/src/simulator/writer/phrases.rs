//! The sentences that scripts are made of, by language. `{}` stands for the topic.

/// One language's sentences.
pub(super) struct Lines {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) opening: &'static str,
    pub(super) sentences: &'static [&'static str],
}

/// What pictures look like where nobody has said it.
pub(super) const STYLES: [&str; 5] = [
    "Cinematic photographs with warm evening light, a shallow depth of field and natural colours.",
    "Watercolour on rough paper in soft blues and ochres, with light from the side.",
    "Clean flat illustrations in three bold colours, evenly lit, with thick outlines.",
    "Grainy documentary photographs in muted greens, overcast light, a wide lens.",
    "Oil painting with visible strokes, deep shadows and one warm source of light.",
];

/// What is seen, in English whatever the language: prompts for pictures are.
pub(super) const VISUALS: [&str; 8] = [
    "Wide shot that sets the place for {}, early morning light, long shadows",
    "Close-up of a telling detail of {}, shallow depth of field",
    "A person who looks at {} in wonder, seen from behind, golden hour",
    "View from above on {}, clear shapes, rich colours",
    "Old map and papers about {} on a wooden desk, warm lamp",
    "{} in the rain at night, reflections, calm mood",
    "Hands that work on {}, seen from the side, dust in the light",
    "{} far away under a wide sky, one small figure in front",
];

/// The sentences of a language; the neutral ones when there are none.
pub(super) fn of(language: &str) -> &'static Lines {
    match language.split('-').next().unwrap_or_default() {
        "en" => &ENGLISH,
        "pt" => &PORTUGUESE,
        "es" => &SPANISH,
        _ => &NEUTRAL,
    }
}

/// At most so many letters, cut after a word.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most).collect();
    match cut.rsplit_once(' ') {
        Some((words, _)) if !words.is_empty() => words.trim_end_matches([',', ':', ';', '-']).to_owned(),
        _ => cut,
    }
}

/// The first letter large.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A plain name for a colour.
pub(super) fn colour_name([red, green, blue]: [u8; 3]) -> &'static str {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    if most - least < 24 {
        return if most > 170 { "a light grey" } else { "a dark grey" };
    }
    match (red == most, green == most) {
        (true, _) if green > blue.saturating_add(30) => "a warm orange",
        (true, _) => "red",
        (_, true) => "green",
        _ => "blue",
    }
}

const ENGLISH: Lines = Lines {
    title: "{}: the story few people know",
    description: "Everything that few people know about {}.\nWatch until the end for the best part.",
    opening: "What if everything you knew about {} was only half of the story?",
    sentences: &[
        "It began long before anyone wrote it down.",
        "People walked past it every day and never looked twice.",
        "Then somebody asked a simple question, and nothing stayed the same.",
        "The first answer was wrong, but it pointed the right way.",
        "Look closely, and a pattern appears.",
        "Small things add up, one after the other, until they move mountains.",
        "Experts argued for years over {}.",
        "The proof was hidden in plain sight.",
        "It takes patience, a little luck and a lot of light.",
        "Some of it can still be seen today, if you know where to look.",
        "The numbers are hard to believe, yet they are true.",
        "Nobody expected what came next.",
        "One night changed the way we think about {}.",
        "Far away, others had found the same thing on their own.",
        "What looks calm from outside is full of movement within.",
        "Every part has its work, and none can be missing.",
        "The secret is in the order of things.",
        "Time has left its marks, and each of them tells something.",
        "There is still more that we do not know.",
        "And that is why {} matters to all of us.",
    ],
};

const PORTUGUESE: Lines = Lines {
    title: "{}: a história que poucos conhecem",
    description: "Tudo o que pouca gente sabe sobre {}.\nAssista até o fim para ver a melhor parte.",
    opening: "E se tudo o que você sabe sobre {} fosse só metade da história?",
    sentences: &[
        "Tudo começou muito antes de alguém escrever sobre isso.",
        "As pessoas passavam ali todos os dias e nunca olhavam duas vezes.",
        "Então alguém fez uma pergunta simples, e nada ficou como antes.",
        "A primeira resposta estava errada, mas mostrou o caminho certo.",
        "Olhe de perto e um padrão aparece.",
        "Coisas pequenas se somam, uma depois da outra, até mover montanhas.",
        "Especialistas discutiram durante anos sobre {}.",
        "A prova estava diante de todos.",
        "É preciso paciência, um pouco de sorte e muita luz.",
        "Uma parte ainda pode ser vista hoje, se você souber onde olhar.",
        "Os números são difíceis de acreditar, mas são verdadeiros.",
        "Ninguém esperava o que veio depois.",
        "Uma noite mudou a maneira como pensamos sobre {}.",
        "Longe dali, outros tinham descoberto a mesma coisa.",
        "O que parece calmo por fora está cheio de movimento por dentro.",
        "Cada parte tem o seu trabalho, e nenhuma pode faltar.",
        "O segredo está na ordem das coisas.",
        "O tempo deixou marcas, e cada uma delas conta algo.",
        "Ainda há muito que não sabemos.",
        "E é por isso que {} importa para todos nós.",
    ],
};

const SPANISH: Lines = Lines {
    title: "{}: la historia que pocos conocen",
    description: "Todo lo que poca gente sabe sobre {}.\nMira hasta el final para ver la mejor parte.",
    opening: "¿Y si todo lo que sabes sobre {} fuera solo la mitad de la historia?",
    sentences: &[
        "Todo empezó mucho antes de que alguien lo escribiera.",
        "La gente pasaba por allí todos los días y nunca miraba dos veces.",
        "Entonces alguien hizo una pregunta sencilla y nada volvió a ser igual.",
        "La primera respuesta era falsa, pero señaló el buen camino.",
        "Mira de cerca y aparece un patrón.",
        "Las cosas pequeñas se suman, una tras otra, hasta mover montañas.",
        "Los expertos discutieron durante años sobre {}.",
        "La prueba estaba a la vista de todos.",
        "Hace falta paciencia, un poco de suerte y mucha luz.",
        "Una parte todavía se puede ver hoy, si sabes dónde mirar.",
        "Los números son difíciles de creer, pero son ciertos.",
        "Nadie esperaba lo que vino después.",
        "Una noche cambió la manera en que pensamos sobre {}.",
        "Lejos de allí, otros habían encontrado lo mismo.",
        "Lo que parece tranquilo por fuera está lleno de movimiento por dentro.",
        "Cada parte tiene su trabajo y ninguna puede faltar.",
        "El secreto está en el orden de las cosas.",
        "El tiempo dejó sus marcas, y cada una cuenta algo.",
        "Todavía hay mucho que no sabemos.",
        "Y por eso {} nos importa a todos.",
    ],
};

/// For all other languages: only the topic's own words, which are in that language.
const NEUTRAL: Lines = Lines {
    title: "{}",
    description: "{}.",
    opening: "{}!",
    sentences: &["{}.", "{}, {}.", "{}: {}.", "{}…", "{}?", "{} – {}!"],
};
