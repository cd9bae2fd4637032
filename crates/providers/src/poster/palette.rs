//! Which colours and which manner a picture has: the look from the user's style words, the hues from the scene's mood.
//! Where the colours go is decided by the drawing modules.

use super::colour::{Lch, lch, turn};
use super::random::Dice;
use super::stage::Stage::{self, Arch, Bands, Blobs, Disc, Rays, Rings};
use super::words;

/// The manner of a whole video: how light, how colourful, how rough.
#[derive(Debug, PartialEq)]
pub struct Look {
    /// Its name, which is also its first style word.
    pub name: &'static str,
    /// Style words that ask for it, folded, in any language.
    words: &'static str,
    /// Lightness of the sky: top, middle, horizon.
    sky: [f32; 3],
    /// Lightness of the land: far, near.
    land: [f32; 2],
    /// Chroma of sky and land.
    chroma: f32,
    /// How far an icon's own colours turn to the palette, 0 to 1.
    pub tint: f32,
    /// Film grain in 8-bit steps.
    pub grain: f32,
    /// How much darker the corners are, 0 to 1.
    pub vignette: f32,
    /// Printed dots over the sky.
    pub halftone: bool,
    /// A pale rim around icons, as on a sticker.
    pub sticker: bool,
    /// Stages stay in the dark half.
    pub dim: bool,
    /// The stages that suit it, in the order in which scenes take turns.
    pub stages: &'static [Stage],
    /// The mood that the style word itself asks for, such as `tech`.
    mood: Option<&'static str>,
    /// True if that mood is a place, such as `space`, which no scene leaves.
    place: bool,
}

const LOOK: Look = Look {
    name: "cinematic",
    words: "cinematic* cinematografic* film* movie* epic* epico drama* realis*",
    sky: [0.20, 0.36, 0.64],
    land: [0.52, 0.19],
    chroma: 0.125,
    tint: 0.30,
    grain: 2.4,
    vignette: 0.42,
    halftone: false,
    sticker: false,
    dim: false,
    stages: &[Disc, Rays, Arch, Rings, Blobs, Bands],
    mood: None,
    place: false,
};

/// The first is the default.
const LOOKS: &[Look] = &[
    LOOK,
    Look {
        name: "dark",
        words: "dark* escur* oscur* sombri* noir horror* terror* mister* myster* true-crime crime gotic* gothic suspense thriller",
        sky: [0.10, 0.20, 0.40],
        land: [0.33, 0.11],
        chroma: 0.075,
        tint: 0.48,
        grain: 3.2,
        vignette: 0.55,
        dim: true,
        stages: &[Disc, Rings, Blobs, Rays, Arch],
        ..LOOK
    },
    Look {
        name: "playful",
        words: "playful* divertid* fun* cartoon* kids crianca* infantil* nino* child* colorid* colorful* colourful* vibrant* alegre* happy comic*",
        sky: [0.52, 0.66, 0.82],
        land: [0.64, 0.34],
        chroma: 0.145,
        tint: 0.08,
        grain: 1.2,
        vignette: 0.12,
        sticker: true,
        ..LOOK
    },
    Look {
        name: "pastel",
        words: "pastel* soft* suave* delicad* cute* fofo* calm* watercolor aquarela dream* sonho kawaii",
        sky: [0.80, 0.86, 0.93],
        land: [0.76, 0.44],
        chroma: 0.062,
        tint: 0.22,
        grain: 1.4,
        vignette: 0.10,
        ..LOOK
    },
    Look {
        name: "minimal",
        words: "minimal* clean* limpo* simple* simples flat* plano* elegan* modern*",
        sky: [0.84, 0.88, 0.92],
        land: [0.74, 0.42],
        chroma: 0.045,
        tint: 0.45,
        grain: 1.0,
        vignette: 0.06,
        stages: &[Disc, Arch, Rings, Blobs],
        ..LOOK
    },
    Look {
        name: "retro",
        words: "retro* vintage* antig* 70s 80s anos nostalg* old-school classic* poster paper papel",
        sky: [0.42, 0.62, 0.82],
        land: [0.55, 0.24],
        chroma: 0.105,
        tint: 0.55,
        grain: 4.0,
        vignette: 0.30,
        halftone: true,
        stages: &[Bands, Rays, Disc, Arch],
        ..LOOK
    },
    Look {
        name: "documentary",
        words: "documentar* documental* educa* explainer explica* jornalis* news* noticia* history historic* serious serio*",
        sky: [0.26, 0.44, 0.68],
        land: [0.54, 0.22],
        chroma: 0.082,
        tint: 0.40,
        grain: 3.0,
        vignette: 0.34,
        stages: &[Disc, Arch, Rings, Rays],
        ..LOOK
    },
    Look {
        name: "neon",
        words: "neon* cyberpunk* synthwave* vaporwave* futur* sci-fi scifi glow* tech* techno* gamer*",
        sky: [0.11, 0.22, 0.44],
        land: [0.34, 0.15],
        chroma: 0.175,
        tint: 0.34,
        grain: 1.8,
        vignette: 0.45,
        mood: Some("tech"),
        stages: &[Disc, Rings, Rays, Arch],
        ..LOOK
    },
    Look {
        name: "corporate",
        words: "corporat* business* empres* negocio* professional* profission* profesional* startup finance* financ*",
        sky: [0.28, 0.46, 0.74],
        land: [0.56, 0.23],
        chroma: 0.098,
        tint: 0.38,
        grain: 1.0,
        vignette: 0.20,
        mood: Some("work"),
        stages: &[Disc, Rings, Arch, Blobs],
        ..LOOK
    },
    Look {
        name: "nature",
        words: "natur* organic* eco* wild* selvagem floresta forest*",
        mood: Some("nature"),
        place: true,
        ..LOOK
    },
    Look {
        name: "space",
        words: "space* espac* cosmic* cosmos galax* astronom*",
        sky: [0.10, 0.22, 0.46],
        mood: Some("space"),
        place: true,
        ..LOOK
    },
    Look { name: "ocean", words: "ocean* oceano* underwater marinh* sea aquatic*", mood: Some("ocean"), place: true, ..LOOK },
    Look { name: "warm", words: "warm* quente* calid* sunset* golden dourad* cozy acolhedor*", mood: Some("sun"), ..LOOK },
];

/// What stands below the sky.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Faceted mountains.
    Ridges,
    /// Faceted mountains behind a plain of craters.
    Craters,
    /// Rows of waves.
    Waves,
    /// Soft hills, with small trees where trees grow.
    Hills,
    /// Dunes with a lit and a shaded side.
    Dunes,
    /// Roofs with lit windows.
    City,
    /// The edge of a planet.
    Planet,
    /// A floor of lines that meet at the horizon.
    Grid,
    /// Sheets of cut paper around a lit hollow.
    Paper,
    /// Banks of round clouds.
    Clouds,
}

use Ground::{City, Clouds, Craters, Dunes, Grid, Hills, Paper, Planet, Ridges, Waves};

/// Where a scene stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What stands below the sky.
    pub ground: Ground,
    /// True where trees and leaves grow.
    pub green: bool,
    /// True under a sky full of stars.
    pub starry: bool,
}

/// Hues (top of the sky, horizon, accent), the grounds that may appear, and whether trees and leaves grow there. The moods are
/// the groups of `icons/keywords.txt`.
struct Mood(&'static str, [f32; 3], &'static [Ground], bool);

const GREEN: bool = true;
const BARE: bool = false;

const MOODS: &[Mood] = &[
    Mood("space", [282.0, 318.0, 75.0], &[Planet, Craters, Clouds, Dunes], BARE),
    Mood("night", [272.0, 300.0, 88.0], &[Ridges, City, Hills, Clouds], GREEN),
    Mood("ocean", [245.0, 205.0, 62.0], &[Waves, Paper, Waves], BARE),
    Mood("ice", [255.0, 222.0, 350.0], &[Ridges, Waves, Clouds], BARE),
    Mood("weather", [256.0, 230.0, 85.0], &[Clouds, Hills, Ridges], GREEN),
    Mood("sun", [20.0, 62.0, 95.0], &[Dunes, Ridges, Waves], BARE),
    Mood("fire", [5.0, 45.0, 85.0], &[Ridges, Dunes, Paper], BARE),
    Mood("danger", [340.0, 22.0, 60.0], &[Ridges, City, Dunes], BARE),
    Mood("war", [30.0, 48.0, 25.0], &[Dunes, Ridges, Clouds], BARE),
    Mood("history", [35.0, 72.0, 205.0], &[Dunes, Ridges, Paper], BARE),
    Mood("myth", [295.0, 55.0, 88.0], &[Clouds, Ridges, Paper], BARE),
    Mood("royal", [310.0, 345.0, 85.0], &[Paper, Ridges, Clouds], BARE),
    Mood("money", [168.0, 150.0, 90.0], &[City, Paper, Grid], BARE),
    Mood("work", [258.0, 225.0, 55.0], &[City, Grid, Paper], BARE),
    Mood("law", [262.0, 240.0, 80.0], &[Paper, City, Clouds], BARE),
    Mood("health", [205.0, 182.0, 20.0], &[Paper, Clouds, Waves], BARE),
    Mood("mind", [300.0, 345.0, 190.0], &[Paper, Clouds], BARE),
    Mood("science", [262.0, 190.0, 325.0], &[Grid, Paper], BARE),
    Mood("tech", [285.0, 335.0, 195.0], &[Grid, City, Paper], BARE),
    Mood("nature", [195.0, 140.0, 85.0], &[Hills, Ridges, Paper], GREEN),
    Mood("animal", [215.0, 95.0, 55.0], &[Hills, Ridges, Paper], GREEN),
    Mood("food", [22.0, 68.0, 140.0], &[Paper, Hills, Clouds], GREEN),
    Mood("travel", [245.0, 55.0, 30.0], &[Ridges, Waves, Clouds, Dunes], BARE),
    Mood("city", [275.0, 35.0, 85.0], &[City, Clouds], BARE),
    Mood("home", [250.0, 50.0, 80.0], &[Hills, City, Clouds], GREEN),
    Mood("sport", [262.0, 30.0, 90.0], &[Hills, City, Paper], BARE),
    Mood("people", [270.0, 40.0, 190.0], &[City, Paper, Clouds], BARE),
    Mood("love", [345.0, 15.0, 70.0], &[Clouds, Paper], BARE),
    Mood("joy", [320.0, 60.0, 195.0], &[Clouds, Paper], BARE),
    Mood("sad", [258.0, 240.0, 60.0], &[Waves, Clouds, Ridges], BARE),
    Mood("music", [305.0, 350.0, 190.0], &[City, Paper, Grid], BARE),
    Mood("school", [235.0, 205.0, 70.0], &[Paper, Clouds, Grid], BARE),
    Mood("time", [285.0, 48.0, 80.0], &[Dunes, Paper, Grid], BARE),
];

/// Hues of videos whose words tell no mood.
const PAIRS: &[[f32; 3]] = &[
    [268.0, 25.0, 78.0],
    [205.0, 75.0, 45.0],
    [300.0, 40.0, 85.0],
    [235.0, 345.0, 65.0],
    [180.0, 120.0, 70.0],
    [15.0, 60.0, 205.0],
];

const ANY_GROUND: &[Ground] = &[Paper, Waves, Clouds, Ridges, Dunes];

/// How far the hues of a scene may turn away from those of the place where the whole video is, in degrees.
const LEAN: f32 = 28.0;

/// The colours of one picture.
#[derive(Debug, Clone)]
pub struct Palette {
    /// Sky: top, middle, horizon.
    pub sky: [Lch; 3],
    /// Land far away.
    pub far: Lch,
    /// Land in front.
    pub near: Lch,
    /// The one bright colour that all pictures of a video share.
    pub accent: Lch,
    /// A bright neighbour of the horizon.
    pub second: Lch,
    /// The darkest colour, of shadows.
    pub ink: Lch,
    /// The lightest colour, of highlights.
    pub paper: Lch,
    /// True when stars would show.
    pub dark: bool,
    /// The manner.
    pub look: &'static Look,
}

/// The look that style words ask for; the first of the table without any.
pub fn look(style: &str) -> &'static Look {
    let tokens = words::tokens(style);
    LOOKS.iter().find(|look| tokens.iter().any(|token| words::any_pattern(look.words, token))).unwrap_or(&LOOKS[0])
}

/// Mixes the palette: hues from the scene's `mood`, else the style's or the video's; the accent always from the video.
pub fn palette(look: &'static Look, video_mood: Option<&str>, mood: Option<&str>, video: &Dice, scene: &mut Dice) -> Palette {
    let mut video = video.fork("hues");
    let pair = PAIRS[video.below(PAIRS.len())];
    let of_video = look.mood.or(video_mood).and_then(find).map_or(pair, |mood| mood.1);
    let mut of_scene = mood.and_then(find).map_or(of_video, |mood| mood.1);
    if look.place {
        // The scene may lean towards its own colours, but stays recognisably where the video is.
        let lean = |at: usize| of_video[at] + turn(of_video[at], of_scene[at]).clamp(-LEAN, LEAN);
        of_scene = [lean(0), lean(1), of_video[2]];
    }
    let sway = scene.between(-9.0, 9.0);
    let [top, low] = [of_scene[0] + sway, of_scene[1] + sway * 0.5];
    let c = look.chroma;
    let sky = |i: usize, h: f32, chroma: f32| lch(look.sky[i], chroma, h);
    let horizon = sky(2, low, c * 1.05);
    let middle = lch(look.sky[1], c, top).mix(lch(look.sky[1], c, low), 0.35);
    let dark = look.sky[0] < 0.45;
    let [far, near] = look.land;
    Palette {
        sky: [sky(0, top, c * 0.85), Lch { c: middle.c.max(c * 0.6), ..middle }, horizon],
        far: lch(far, if dark { c * 0.9 } else { (c * 1.3).max(0.075) }, low).mix(lch(far, c, top), 0.35),
        near: lch(near, if dark { c * 0.72 } else { (c * 1.2).max(0.085) }, top),
        accent: lch(0.80, 0.145, of_video[2]),
        second: lch(0.72, 0.15, low),
        ink: lch(if dark { 0.09 } else { 0.24 }, c * 0.4, top),
        paper: lch(0.965, 0.02, of_scene[2]),
        dark,
        look,
    }
}

/// The setting of a scene: neighbours differ where the mood allows. A style that is a place decides before the mood does.
pub fn setting(look: &'static Look, mood: Option<&str>, turn: usize) -> Setting {
    let of_style = look.mood.and_then(find);
    let of_scene = mood.and_then(find);
    let mood = if look.place { of_style.or(of_scene) } else { of_scene.or(of_style) };
    let grounds = mood.map_or(ANY_GROUND, |mood| mood.2);
    Setting {
        ground: grounds[turn % grounds.len()],
        green: mood.is_some_and(|mood| mood.3),
        starry: mood.is_some_and(|mood| mood.0 == "space"),
    }
}

/// True for the name of a mood.
#[cfg(test)]
pub fn is_mood(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<&'static Mood> {
    MOODS.iter().find(|mood| mood.0 == name)
}

#[cfg(test)]
mod tests {
    use super::Ground::{self, City, Clouds, Craters, Dunes, Grid, Hills, Paper, Planet, Ridges, Waves};
    use super::{LOOKS, MOODS, look, setting};

    /// All grounds that a scene of `mood` gets in a video of `style`, and whether trees grow on any of them.
    fn grounds(style: &str, mood: Option<&str>) -> (Vec<Ground>, bool) {
        let settings: Vec<_> = (0..12).map(|turn| setting(look(style), mood, turn)).collect();
        let mut grounds: Vec<_> = settings.iter().map(|setting| setting.ground).collect();
        grounds.dedup();
        (grounds, settings.iter().any(|setting| setting.green))
    }

    #[test]
    fn a_ground_appears_only_where_it_fits() {
        let check = |ground: Ground, moods: &[&str]| {
            for mood in MOODS.iter().filter(|mood| mood.2.contains(&ground)) {
                assert!(moods.contains(&mood.0), "{ground:?} in {}", mood.0);
            }
        };
        check(Planet, &["space"]);
        check(Craters, &["space"]);
        check(City, &["night", "danger", "money", "work", "law", "tech", "city", "home", "sport", "people", "music"]);
        check(Hills, &["night", "weather", "nature", "animal", "food", "home", "sport"]);
        check(Waves, &["ocean", "ice", "sun", "health", "travel", "sad"]);
        check(Grid, &["money", "work", "science", "tech", "music", "school", "time"]);
        check(Dunes, &["space", "sun", "fire", "danger", "war", "history", "travel", "time"]);
        let green: Vec<_> = MOODS.iter().filter(|mood| mood.3).map(|mood| mood.0).collect();
        assert_eq!(green, ["night", "weather", "nature", "animal", "food", "home"]);
    }

    #[test]
    fn a_style_that_is_a_place_is_never_left() {
        for mood in MOODS.iter().map(|mood| Some(mood.0)).chain([None]) {
            let (space, green) = grounds("espaço", mood);
            assert!(
                !green && space.iter().all(|ground| [Planet, Craters, Clouds, Dunes].contains(ground)),
                "{mood:?}: {space:?}"
            );
            let (ocean, green) = grounds("ocean", mood);
            assert!(!green && ocean.iter().all(|ground| [Waves, Paper].contains(ground)), "{mood:?}: {ocean:?}");
            let (nature, _) = grounds("nature", mood);
            assert!(nature.iter().all(|ground| [Hills, Ridges, Paper].contains(ground)), "{mood:?}: {nature:?}");
        }
    }

    #[test]
    fn other_styles_leave_the_scene_where_its_words_are() {
        for style in LOOKS.iter().filter(|look| !look.place) {
            for mood in MOODS {
                assert_eq!(grounds(style.name, Some(mood.0)).1, mood.3, "{} {}", style.name, mood.0);
            }
        }
        assert!(!grounds("", None).1);
        assert!(setting(look("retro"), Some("space"), 0).starry);
    }
}
