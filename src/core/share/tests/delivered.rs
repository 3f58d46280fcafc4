//! Links as mail, chat, HTML and QR readers deliver them open as they were written, or say what they lack.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{VERSION_1, VERSION_2, VERSION_3, VERSION_4, experiment, view};
use crate::experiment::{Asset, Settings};
use crate::share::{Notice, Opened, fragment, open, part_of};

/// As version 2 was written by hand.
const SHORT: &str = "v=2&model=hemoscope-1m&m=magnitude:sparsity=0..0.4/2&windows=2&window=64";

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Every way of delivering a fragment that must not change what it means: a name and what arrives.
fn deliveries(fragment: &str) -> impl Iterator<Item = (&'static str, String)> {
    encodings(fragment).into_iter().chain(surroundings(fragment))
}

fn encodings(fragment: &str) -> Vec<(&'static str, String)> {
    let address = format!("https://x.example/page/#{fragment}");
    let once = encoded(fragment);
    let lower = |text: &str| text.replace("%3D", "%3d").replace("%2F", "%2f").replace("%3A", "%3a");
    vec![
        ("as it was written", fragment.to_owned()),
        ("with #", format!("#{fragment}")),
        ("a whole address", address.clone()),
        ("blanks around", format!("  {address}\r\n")),
        ("encoded", format!("https://x.example/#{once}")),
        ("encoded in lower case", format!("https://x.example/#{}", lower(&once))),
        ("encoded twice", format!("https://x.example/#{}", encoded(&once))),
        ("encoded three times", encoded(&encoded(&once))),
        ("the whole address encoded", encoded(&address)),
        ("the whole address encoded twice", encoded(&encoded(&address))),
        ("# encoded", address.replace('#', "%23")),
        ("# encoded twice", address.replace('#', "%2523")),
        (
            "/ and : encoded",
            format!(
                "https://x.example/#{}",
                fragment.replace('/', "%2F").replace(':', "%3A")
            ),
        ),
        (
            "inside another address",
            format!(
                "https://safe.example/?url={}&data=05%7C02&reserved=0",
                encoded(&address)
            ),
        ),
        (
            "inside another address and encoded again",
            format!("https://safe.example/?q={}&sa=D", encoded(&encoded(&address))),
        ),
        ("&amp;", address.replace('&', "&amp;")),
        ("&AMP;", address.replace('&', "&AMP;")),
        ("&#38;", address.replace('&', "&#38;")),
        ("&#038;", address.replace('&', "&#038;")),
        ("&#x26;", address.replace('&', "&#x26;")),
        ("&#X26;", address.replace('&', "&#X26;")),
        ("&amp;amp;", address.replace('&', "&amp;amp;")),
        (
            "&amp; and then encoded",
            format!("#{}", encoded(&fragment.replace('&', "&amp;"))),
        ),
    ]
}

fn surroundings(fragment: &str) -> Vec<(&'static str, String)> {
    let address = format!("https://x.example/page/#{fragment}");
    let once = encoded(fragment);
    let wrapped = |every: usize, joint: &str| {
        // Mail wraps inside escapes as well as between them.
        let bytes = address.as_bytes().chunks(every);
        let lines = bytes.map(|line| std::str::from_utf8(line).expect("a link is ASCII"));
        lines.collect::<Vec<_>>().join(joint)
    };
    vec![
        ("<…>", format!("<{address}>")),
        ("(…)", format!("({address})")),
        ("[…](…)", format!("[the curve]({address})")),
        ("“…”", format!("“{address}”")),
        ("«…»", format!("« {address} »")),
        ("'…'", format!("'{address}'")),
        ("href=\"…\"", format!("<a href=\"{address}\">")),
        ("wrapped", wrapped(20, "\n")),
        ("wrapped, CR LF", wrapped(31, "\r\n")),
        ("wrapped and indented", wrapped(40, " \n    ")),
        ("wrapped in a quoted mail", wrapped(40, "\n> ")),
        ("zero-width spaces", wrapped(9, "\u{200b}")),
        ("soft hyphens", wrapped(9, "\u{ad}")),
        ("word joiners", wrapped(13, "\u{2060}")),
        ("a byte order mark", format!("\u{feff}{address}")),
        ("right-to-left marks", format!("\u{200f}{address}\u{202c}")),
        ("blanks around &", address.replace('&', " & ")),
        ("blanks in the browser", address.replace('&', "&%20")),
        ("no-break spaces in the browser", address.replace('&', "&%C2%A0")),
        (
            "upper-case scheme and host",
            address.replacen("https://x.example", "HTTPS://X.EXAMPLE", 1),
        ),
        ("no scheme", address.replacen("https://", "", 1)),
        ("a capital in front", format!("V{}", &fragment[1..])),
        (
            "a tracking query",
            format!("https://x.example/?utm_source=mail&utm_medium=m=1#{fragment}"),
        ),
        ("tracking behind", format!("{address}&utm_source=mail&fbclid=IwAR0")),
        ("in the query", format!("https://x.example/?{fragment}")),
        (
            "in the query, with an empty fragment",
            format!("https://x.example/?{fragment}#"),
        ),
        (
            "behind tracking in the query",
            format!("https://x.example/?utm_source=mail&{fragment}"),
        ),
        ("in the query, encoded", format!("https://x.example/?{once}")),
        ("behind another #", format!("See #12: {address}")),
        ("a browser's text directive", format!("{address}:~:text=curve")),
        (
            "quoted-printable",
            format!("https://x.example/#{}", fragment.replace('=', "=3D")),
        ),
        (
            "quoted-printable, with soft breaks",
            format!(
                "https://x.example/#{}",
                fragment.replace('=', "=3D").replace('&', "=\r\n&")
            ),
        ),
    ]
}

/// Deliveries in which separators were encoded and nothing else: what a value encodes looks the same as a separator.
fn separators_encoded(fragment: &str) -> Vec<(&'static str, String)> {
    vec![
        ("= encoded", fragment.replace('=', "%3D")),
        ("& encoded", fragment.replace('&', "%26")),
        ("= and & encoded", fragment.replace('=', "%3D").replace('&', "%26")),
        ("& encoded, with amp;", fragment.replace('&', "%26amp;")),
    ]
}

/// What may follow a link, raw or as browsers encode it.
const TAILS: [&str; 24] = [
    ".",
    ",",
    ";",
    ":",
    "!",
    "?",
    "…",
    ")",
    "]",
    "}",
    ">",
    "\"",
    "'",
    "»",
    "”",
    "’",
    "*",
    ").",
    ">,",
    "\u{200b}",
    "%22",
    "%3E",
    "%C2%BB",
    "%E2%80%9D.",
];

#[test]
fn a_link_opens_however_it_is_delivered() {
    for fragment in [VERSION_1, VERSION_2, VERSION_3, VERSION_4, SHORT] {
        let meant = open(fragment);
        assert_eq!(meant.notices, [], "{fragment}");
        for (how, delivered) in deliveries(fragment).chain(separators_encoded(fragment)) {
            assert_eq!(open(&delivered), meant, "{how}: {delivered}");
        }
        for tail in TAILS {
            assert_eq!(open(&format!("https://x.example/#{fragment}{tail}")), meant, "{tail}");
        }
    }
}

/// The two links of the report.
#[test]
fn links_out_of_mail_and_html_open() {
    for link in [
        "https://x.example/#v%3D2%26model%3Dhemoscope-1m%26m%3Dmagnitude%3Asparsity%3D0..0.4%2F2%26windows%3D2%26window%3D64",
        "https://x.example/#v=2&amp;model=hemoscope-1m&amp;m=magnitude:sparsity=0..0.4/2&amp;windows=2&amp;window=64",
    ] {
        let Opened { link, notices } = open(link);
        assert_eq!(notices, []);
        let e = link.experiment;
        assert_eq!(e.model, Asset::bundled("hemoscope-1m"));
        assert_eq!(e.sweep().to_string(), "magnitude:sparsity=0..0.4/2");
        assert_eq!((e.windows, e.window), (2, 64));
    }
}

#[test]
fn a_link_in_a_sentence_opens_where_its_end_is_marked() {
    let sentence = format!("Look, at=0.3: https://x.example/#{VERSION_4}). It breaks & ends there, I = sure.");
    assert_eq!(open(&sentence), open(VERSION_4));
    // Without the mark, the words might belong to the value, and are told.
    let told = open(&format!("https://x.example/#{SHORT} and then?")).notices;
    assert_eq!(told[0].key, "window");
}

#[test]
fn the_page_finds_settings_in_its_query_only_if_its_fragment_has_none() {
    let part = |address: &str| part_of(address).to_owned();
    assert_eq!(part("https://x.example/?present#v=2&seed=1"), "v=2&seed=1");
    assert_eq!(part("https://x.example/?present&v=2&seed=1"), "v=2&seed=1");
    assert_eq!(part("https://x.example/?v=3&seed=1#"), "v=3&seed=1");
    assert_eq!(part("https://x.example/?v=3#tab=table"), "tab=table");
    for fresh in [
        "https://x.example/",
        "https://x.example/?present&hub=http://localhost:8000",
        "https://x.example/?tab=1#",
    ] {
        assert_eq!(part(fresh), "", "{fresh}");
        assert_eq!(open(part_of(fresh)), Opened::default());
    }
}

#[test]
fn what_looks_like_a_link_in_a_value_is_none() {
    let meant = open("v=4&seed=1&prompt=a%23m=none&end");
    for address in [
        "https://x.example/?v=4&seed=1&prompt=a%23m=none&end",
        "See #2: /?v=4&seed=1&prompt=a%23m=none&end.",
    ] {
        assert_eq!(open(address), meant, "{address}");
    }
    assert_eq!((meant.notices, meant.link.view.prompt.as_str()), (vec![], "a#m=none"));
}

#[test]
fn an_address_without_settings_is_told() {
    let told = open("https://x.example/").notices;
    assert!(
        told[0]
            .to_string()
            .starts_with("Link: “https://x.example/” can't be used"),
        "{told:?}"
    );
}

#[test]
fn what_a_link_by_hand_says_in_prose_stays_as_it_is() {
    for (fragment, prompt) in [
        ("v=2&prompt=The end.", "The end."),
        ("v=2&prompt=1+1", "1+1"),
        ("v=2&prompt=(why?)", "(why?)"),
        ("v=2&prompt=so (why?))", "so (why?)"),
        ("v=2&prompt=\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{200d}\u{1f4bb}"),
        ("v=2&prompt=a%26seed%3D5%23v=3", "a&seed=5#v=3"),
        ("v=4&prompt=one+%2B+one&end", "one + one"),
    ] {
        let Opened { link, notices } = open(fragment);
        assert_eq!((link.view.prompt.as_str(), notices), (prompt, vec![]), "{fragment}");
    }
}

#[test]
fn a_cut_link_names_what_is_lost() {
    let told = |link: &str| open(link).notices.first().map(Notice::to_string).unwrap_or_default();
    let cut = VERSION_4.split("indow=256").next().expect("a window");
    assert_eq!(
        told(cut),
        "Link: “w” can't be used (the link is cut off here). Instead: the defaults of window, calibration, \
         calibration-windows, calibration-stats, seed, threshold."
    );
    let cut = VERSION_4.split("0_1&end").next().expect("an expectation");
    assert_eq!(
        told(cut),
        "Link: “expect” can't be used (the link is cut off here). Instead: the defaults of expect."
    );
    // The number might have had more digits.
    let cut = VERSION_4.split("6&calibration=").next().expect("a window");
    let opened = open(cut);
    assert_eq!(
        (opened.notices[0].key.as_str(), opened.notices[0].given.as_str()),
        ("window", "25")
    );
    assert_eq!(opened.link.experiment.window, 256);
    // Versions without an end mark: an escape, a key or what the page always writes is missing.
    for (link, key) in [
        ("v=2&model=own:my%2", "model"),
        ("v=2&model=own:my%E2%80", "model"),
        ("v=2&seed=4&win", "win"),
        ("v=2&seed=4&prompt", "prompt"),
        ("v=2&m=wanda:sparsity=0..0.8", "m"),
        ("v=2&model=x&model-sha256=aaaa", "model-sha256"),
        (
            VERSION_3
                .split("&window=")
                .next()
                .expect("windows")
                .trim_end_matches("=8"),
            "windows",
        ),
        (
            VERSION_1.split("&seed").next().expect("statistics"),
            "calibration-stats",
        ),
        (VERSION_1.split("&threshold").next().expect("a seed"), "seed"),
    ] {
        let notices = open(link).notices;
        assert_eq!(notices.first().map(|notice| notice.key.as_str()), Some(key), "{link}");
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    let unknown = prop_oneof![
        Just(Vec::new()),
        Just(vec![("later key=".to_owned(), "ü & =".to_owned())])
    ];
    (experiment(), view(), prop::option::of(".*"), unknown).prop_map(|(experiment, view, expect, unknown)| Settings {
        experiment,
        view,
        expect,
        unknown,
    })
}

proptest! {
    #[test]
    fn any_settings_survive_every_delivery(link in settings()) {
        let whole = Opened { link, notices: Vec::new() };
        let told = open(&fragment(&whole.link));
        prop_assert_eq!(&told.link, &whole.link);
        for (how, delivered) in deliveries(&fragment(&whole.link)) {
            prop_assert_eq!(&open(&delivered), &told, "{}: {}", how, delivered);
        }
        let text = fragment(&whole.link);
        if whole.link.unknown.is_empty() && !text.contains("%25") && !text.contains("%26") {
            for (how, delivered) in separators_encoded(&text) {
                prop_assert_eq!(&open(&delivered), &told, "{}: {}", how, delivered);
            }
        }
        for tail in TAILS {
            let delivered = format!("{}{tail}", fragment(&whole.link));
            prop_assert_eq!(&open(&delivered), &told, "{}", delivered);
        }
        let form = fragment(&whole.link).replace("%20", "+");
        prop_assert_eq!(&open(&form), &told, "{}", form);
    }

    #[test]
    fn a_link_that_is_cut_anywhere_says_so(link in settings(), place in 0.0..1.0_f64) {
        let whole = fragment(&link);
        let place = 1 + (place * (whole.len() - 2) as f64) as usize;
        let opened = open(&whole[..place]);
        prop_assert!(!opened.notices.is_empty(), "{}", &whole[..place]);
        let once = encoded(&whole);
        let place = 1 + place * (once.len() - 2) / whole.len();
        let opened = open(&once[..place]);
        prop_assert!(!opened.notices.is_empty(), "{}", &once[..place]);
    }
}
