use super::*;

fn scene(line: usize, narration: &str, description: &str, picture: Option<&str>) -> ScriptScene {
    ScriptScene {
        line,
        narration: narration.to_owned(),
        description: description.to_owned(),
        picture: picture.map(str::to_owned),
        look: Default::default(),
        character: None,
        voice: None,
    }
}

#[track_caller]
fn check(text: &str, title: &str, scenes: &[ScriptScene]) {
    let script = parse(text).expect("a good script");
    assert_eq!(script.title, title);
    assert_eq!(script.scenes, scenes);
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(parse(text).expect_err("should be refused").to_string(), expected);
}

#[test]
fn a_script_is_title_paragraphs_and_pictures() {
    check(
        "# The Moon\n\n![a rocket on the pad](photos/rocket.jpg)\n\nWe went\nthere.\n\n![grey dust]\n\nIt was *quiet*.\n\nThe end.\n",
        "The Moon",
        &[
            scene(5, "We went there.", "a rocket on the pad", Some("photos/rocket.jpg")),
            scene(10, "It was quiet.", "grey dust", None),
            scene(12, "The end.", "", None),
        ],
    );
}

#[test]
fn a_picture_may_stand_directly_above_its_text() {
    check("![a cat](my%20cat.png)\nA cat sleeps.", "", &[scene(1, "A cat sleeps.", "a cat", Some("my cat.png"))]);
    check("![a cat](my cat.png)\nA cat sleeps.", "", &[scene(1, "A cat sleeps.", "a cat", Some("my cat.png"))]);
    check("![a cat](<my cat.png>)\nA cat sleeps.", "", &[scene(1, "A cat sleeps.", "a cat", Some("my cat.png"))]);
    check("![a cat]()\nA cat sleeps.", "", &[scene(1, "A cat sleeps.", "a cat", None)]);
    check("![a cat]\nA cat sleeps.", "", &[scene(1, "A cat sleeps.", "a cat", None)]);
}

#[test]
fn lists_and_quotes_are_spoken_too() {
    check(
        "- One.\n- Two.\n\n> Three.",
        "",
        &[scene(1, "One.", "", None), scene(2, "Two.", "", None), scene(4, "Three.", "", None)],
    );
    check("1 < 2 & 3 > 2", "", &[scene(1, "1 < 2 & 3 > 2", "", None)]);
}

#[test]
fn front_matter_says_whom_to_ask() {
    let front = "image-vendor: gemini, pexels\nimage-model: gemini-3-pro-image\nspeech-vendor: edge\nfallback: yes\nspeed: 1.25";
    let settings = parse(&format!("---\n{front}\n---\nHi.")).expect("a good script").settings;
    assert_eq!(settings.choice.vendors["image"], ["gemini", "pexels"]);
    assert_eq!(settings.choice.vendors["speech"], ["edge"]);
    assert_eq!(settings.choice.models["image"], "gemini-3-pro-image");
    assert_eq!((settings.choice.fallback, settings.choice.keyless, settings.speed), (Some(true), None, 1.25));
    let check = |line: &str, problem: &str| check_error(&format!("---\n{line}\n---\nHi."), &format!("line 2: {problem}"));
    check("image-vendor: ,", "image-vendor: nothing is named; name somebody, or leave the line out");
    check("image-model: a, b", "image-model: \"a, b\" is more than one model");
    check("image-vendors: gemini", "\"image-vendors\" is not a setting; did you mean image-vendor?");
    check("speed: 3", "speed: \"3\" is not a number from 0.5 to 2.0");
    check("fallback: maybe", "fallback: \"maybe\" is not one of yes, no, true, false");
}

#[test]
fn front_matter_holds_the_settings() {
    let script = parse(
        "---\ntitle: \"A day\"\nlanguage: pt-BR\nvoice: pt-br+f3\nstyle: retro\ncaptions: box\nmusic: none\nsize: 1:1\nfps: 24\n# note\n---\n# H\n\nOi.\n",
    )
    .expect("a good script");
    assert_eq!(script.title, "A day");
    assert_eq!(script.settings.language, "pt-BR");
    assert_eq!(script.settings.captions.style, crate::caption::CaptionStyle::Box);
    assert_eq!(script.settings.music, None);
    assert_eq!((script.settings.size.width, script.settings.size.height, script.settings.fps), (1080, 1080, 24));
    assert_eq!(script.scenes, [scene(14, "Oi.", "", None)]);
}

#[test]
fn front_matter_names_files_and_characters() {
    let front = "reference: look/style.png\nmusic: Songs/my song.MP3\ncharacters:\n  Ana:\n    picture: ana.png\n    # A note.\n    description: \"tall: red hair\"\n    voice: en-gb+f3\n\n  Bob: bob.jpg\nstyle: noir";
    let script = parse(&format!(
        "---\n{front}\n---\n![Ana](<> \"character: ana, focus: 1 0\")\nHi.\n\n![]( <> \"voice: x, speech-vendor: edge, character: Ana\")\nHo."
    ));
    let script = script.expect("a good script");
    let settings = &script.settings;
    assert_eq!(
        (settings.reference.as_deref(), settings.music_file.as_deref(), settings.music.as_deref(), settings.style.as_str()),
        (Some("look/style.png"), Some("Songs/my song.MP3"), Some(""), "noir")
    );
    let voice = |vendor: &str, name: &str| Some(Voice { vendor: vendor.to_owned(), name: name.to_owned() });
    let character = |line, name: &str, picture: &str, description: &str, voice| {
        let [name, picture, description] = [name, picture, description].map(str::to_owned);
        ScriptCharacter { line, name, picture, description, voice }
    };
    let ana = character(5, "Ana", "ana.png", "tall: red hair", voice("", "en-gb+f3"));
    assert_eq!(settings.characters, [ana, character(11, "Bob", "bob.jpg", "", None)]);
    let own: Vec<_> = script.scenes.iter().map(|scene| (scene.character.as_deref(), scene.voice.clone())).collect();
    assert_eq!(own, [(Some("Ana"), voice("", "en-gb+f3")), (Some("Ana"), voice("edge", "x"))]);

    let check = |front: &str, expected: &str| check_error(&format!("---\n{front}\n---\nHi."), expected);
    check(
        "reference: https://x.org/a.png",
        "line 2: reference: \"https://x.org/a.png\" is on the web; download the file and give its name",
    );
    check(
        "music: http://x.org/a.mp3",
        "line 2: music: \"http://x.org/a.mp3\" is on the web; download the file and give its name",
    );
    check("characters: Ana", "line 2: characters: list them under it at the top of the script, one a line: Ana: ana.png");
    check("characters:\n  Ana", "line 3: \"Ana\" is no character; write a name and a picture, such as Ana: ana.png");
    check(
        "characters:\n  Ana:\n    age: 3",
        "line 4: \"age\" is not said of a character; write picture, description, voice or speech-vendor",
    );
    check("characters:\n  Ana:\n    voice: x", "line 3: Ana has no picture; write its file, such as Ana: ana.png");
    check("characters:\n  Ana: a.png\n  ANA: b.png", "line 4: there are two characters called ANA; rename one");
    check_error(
        "![a](<> \"character: Eva\")\nHi.",
        "line 1: \"Eva\" is none of the script's characters; list it under characters: at the top",
    );
}

#[test]
fn errors_name_the_line_and_the_remedy() {
    check_error("", "line 1: there is no paragraph to narrate; write at least one paragraph of text under the title");
    check_error(
        "# Only a title",
        "line 1: there is no paragraph to narrate; write at least one paragraph of text under the title",
    );
    check_error("Text.\n\n![a](b.png)\n", "line 3: the picture has no paragraph under it; write what is said while it is shown");
    check_error(
        "![a](b.png)\n\n![c](d.png)\n\nText.",
        "line 3: two pictures for one paragraph (the first is on line 1); keep one",
    );
    check_error(
        "![a](ftp://x.org/a.png)\n\nText.",
        "line 1: \"ftp://x.org/a.png\" can't be read; give a file, or an address that begins with https://",
    );
    check_error(
        "Text.\n\n```\ncode\n```",
        "line 3: a code block can't be narrated; make it a paragraph (without leading spaces) or remove it",
    );
    check_error("Text.\n\n<div>x</div>", "line 3: \"<div>x</div>\" is HTML, which can't be narrated; remove it");
    check_error("---\nlanguage: en\n", "line 1: the front matter has no end; close it with a line of three dashes: ---");
    check_error("---\nlangage: en\n---\nHi.", "line 2: \"langage\" is not a setting; did you mean language?");
    check_error("---\nfps: 12\n---\nHi.", "line 2: fps: \"12\" is not a number from 24 to 60");
    check_error(
        "---\ncaptions: loud\n---\nHi.",
        "line 2: captions: \"loud\" is not one of karaoke, box, pop, typewriter, word, outline, minimal, plain, none",
    );
    check_error(
        "![a cat(my cat.png)\nText.",
        "line 1: \"![\" begins a picture, but the rest is not one; write ![what it shows](<file.jpg>) on a line of its own",
    );
    check_error(
        "Hello ![a](b.png) there.",
        "line 1: a picture stands inside a paragraph; put it on a line of its own above the text",
    );
}

#[test]
fn caption_styles_have_the_same_names_as_in_storyboards() {
    for name in ["karaoke", "box", "pop", "typewriter", "word", "outline", "minimal", "plain", "none"] {
        let script = parse(&format!("---\ncaptions: {name}\n---\nHi.")).expect("a good script");
        let style: crate::caption::CaptionStyle = serde_json::from_value(name.into()).expect("a style");
        assert_eq!(script.settings.captions.style, style);
    }
}

#[test]
fn transitions_have_the_names_of_storyboards_with_dashes() {
    for (name, in_storyboards) in [
        ("cut", "cut"),
        ("crossfade", "crossfade"),
        ("fade-black", "fadeBlack"),
        ("slide", "slide"),
        ("zoom-through", "zoomThrough"),
    ] {
        let script = parse(&format!("---\ntransition: {name}\n---\nHi.")).expect("a good script");
        let transition: Transition = serde_json::from_value(in_storyboards.into()).expect("a transition");
        assert_eq!(script.settings.transition, transition);
    }
}

#[test]
fn a_picture_sets_how_its_scene_looks() {
    let look =
        |line: &str| parse(&format!("{line}\nText.")).map(|script| script.scenes[0].look).map_err(|error| error.to_string());
    let check = |line: &str, transition: Option<Transition>, focus: Option<(f64, f64)>| {
        let focus = focus.map(|(x, y)| crate::storyboard::Focus { x, y });
        assert_eq!(look(line), Ok(crate::storyboard::SceneLook { transition, focus }), "{line}");
    };
    check("![a](b.png)", None, None);
    check("![a](b.png \"focus: 30% 20%\")", None, Some((0.3, 0.2)));
    check("![a](<my b.png> \"transition: zoom-through, focus: 0.5 1\")", Some(Transition::ZoomThrough), Some((0.5, 1.0)));
    check("![a](<> \"transition: cut\")", Some(Transition::Cut), None);
    check("![a](b.png \"A view\")", None, None);
    let check_error = |line: &str, expected: &str| assert_eq!(look(line), Err(expected.to_owned()));
    check_error(
        "![a](b.png \"focus: 130% 20%\")",
        "line 1: focus: \"130% 20%\" is not a place such as 30% 20% (from the left, from the top)",
    );
    check_error(
        "![a](b.png \"zoom: 2\")",
        "line 1: \"zoom: 2\" is not a setting of a picture; write focus: 30% 20%, transition: slide, character: Ana, voice: en-gb+f3 \
         or speech-vendor: espeak, with commas between them",
    );
}

#[test]
fn captions_take_their_options() {
    let front = "captions: box\ncaption-text-colour: \"#e0f0ff\"\ncaption-size: large\ncaption-font: bebas\ncaption-case: upper\ncaption-lines: 3";
    let captions = parse(&format!("---\n{front}\n---\nHi.")).expect("a good script").settings.captions;
    let json = serde_json::json!({
        "style": "box", "textColour": "#e0f0ff", "size": 1.3, "font": "bebas", "case": "upper", "maxLines": 3
    });
    assert_eq!(captions, serde_json::from_value(json).expect("captions"));
    check_error(
        "---\ncaption-size: huge\n---\nHi.",
        "line 2: caption-size: \"huge\" is not small, normal, large or a number from 0.5 to 2",
    );
    check_error(
        "---\ncaption-font: comic\n---\nHi.",
        "line 2: caption-font: \"comic\" is not one of montserrat, noto, anton, bebas",
    );
}

#[test]
fn what_has_no_effect_is_said() {
    let script = parse("# Title\n\n## Part one\n\nText.\n\n<!-- a note -->\n").expect("a good script");
    assert_eq!(script.warnings, ["line 3: the heading \"Part one\" is not spoken"]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "(.|\n){0,300}") {
        let _ = parse(&text);
    }
}
