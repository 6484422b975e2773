//! Made-up traffic of one day: a few sites, pages by Zipf's law, visitors with an address, a browser and a language each.

use headcount_model::rng::SplitMix64;

/// The day of all events, 2025-11-03 (a Monday, UTC).
pub const DAY_UNIX_MS: i64 = 1_762_128_000_000;
/// The same day as a log writes it.
pub const DAY_IN_LOGS: &str = "03/Nov/2025";
const DAY_MS: u64 = 86_400_000;

/// How much of everything there is.
#[derive(Clone, Copy)]
pub struct Size {
    pub events: u64,
    pub sites: u32,
    pub pages: u32,
    pub visitors: u32,
    pub seed: u64,
}

impl Size {
    /// 3 sites, 5,000 pages, 100,000 visitors.
    pub fn standard(events: u64, seed: u64) -> Self {
        Self { events, sites: 3, pages: 5_000, visitors: 100_000, seed }
    }
}

/// One request.
pub struct Event<'a> {
    pub site: u32,
    pub unix_ms: i64,
    pub visitor: u32,
    pub address: [u8; 4],
    pub agent: &'a str,
    pub language: &'a str,
    pub page: u32,
    pub target: &'a str,
    pub status: u32,
    pub referrer: &'a str,
    pub milliseconds: u32,
    pub bytes: u64,
}

/// Everything that events are made of.
pub struct Traffic {
    size: Size,
    pages: Vec<String>,
    /// Rising, the last is 1: pages by Zipf's law with exponent 1.
    chances: Vec<f64>,
    agents: Vec<String>,
    robots: Vec<String>,
    referrers: Vec<String>,
}

const LANGUAGES: [&str; 12] = [
    "ja,en-US;q=0.9,en;q=0.8",
    "en-US,en;q=0.9",
    "en-GB,en;q=0.9",
    "fr-FR,fr;q=0.9,en;q=0.8",
    "de-DE,de;q=0.9",
    "es-ES,es;q=0.9",
    "zh-CN,zh;q=0.9",
    "pt-BR,pt;q=0.9",
    "ko-KR,ko;q=0.9",
    "id-ID,id;q=0.9",
    "vi-VN,vi;q=0.9",
    "it-IT,it;q=0.9",
];

const SECTIONS: [&str; 8] = ["about", "news", "countries", "passport", "visa", "press", "economy", "culture"];

impl Traffic {
    pub fn new(size: Size) -> Self {
        let harmonic: f64 = (1..=size.pages).map(|rank| 1.0 / f64::from(rank)).sum();
        let mut sum = 0.0;
        let chances = (1..=size.pages).map(|rank| {
            sum += 1.0 / f64::from(rank) / harmonic;
            sum
        });
        let section = |page: u32| SECTIONS[page as usize % SECTIONS.len()];
        Self {
            chances: chances.collect(),
            pages: (0..size.pages).map(|page| format!("/{}/p{page}.html", section(page))).collect(),
            agents: agents(),
            robots: (1..=20)
                .map(|n| format!("Mozilla/5.0 (compatible; Googlebot/2.{n}; +http://www.google.com/bot.html)"))
                .collect(),
            referrers: referrers(size.sites),
            size,
        }
    }

    pub fn size(&self) -> Size {
        self.size
    }

    /// All events, in the order of their times.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        let mut random = Random::new(self.size.seed);
        (0..self.size.events).map(move |number| self.event(number, &mut random))
    }

    fn event(&self, number: u64, random: &mut Random) -> Event<'_> {
        let visitor = random.below(self.size.visitors);
        // What a visitor has never changes: it follows from its number.
        let mut own = Random::new(self.size.seed ^ 0x9e37_79b9 ^ u64::from(visitor) << 32);
        let own_bits = own.next();
        let kind = random.below(100);
        let page = self.page(random.fraction());
        let agent = match kind {
            0 => &self.robots[own.below(20) as usize],
            _ => &self.agents[own.skewed(self.agents.len())],
        };
        let referrer = match random.below(100) {
            0..45 => "",
            45..75 => &self.referrers[random.below(self.size.sites) as usize],
            _ => {
                &self.referrers
                    [self.size.sites as usize + random.skewed(self.referrers.len() - self.size.sites as usize)]
            }
        };
        let at = number * DAY_MS / self.size.events;
        Event {
            site: random.below(self.size.sites),
            unix_ms: DAY_UNIX_MS + i64::try_from(at).unwrap_or(0),
            visitor,
            address: [11 + (own_bits >> 24) as u8 % 180, (own_bits >> 16) as u8, (own_bits >> 8) as u8, own_bits as u8],
            agent,
            language: LANGUAGES[own.skewed(LANGUAGES.len())],
            page,
            target: &self.pages[page as usize],
            status: if (1..3).contains(&kind) { 404 } else { 200 },
            referrer,
            milliseconds: random.below(400),
            bytes: u64::from(random.below(90_000)),
        }
    }

    fn page(&self, fraction: f64) -> u32 {
        let page = self.chances.partition_point(|&chance| chance < fraction);
        u32::try_from(page.min(self.chances.len() - 1)).unwrap_or(0)
    }
}

/// Some 1,500 different browsers.
fn agents() -> Vec<String> {
    let systems = [
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "Linux; Android 14; Pixel 8",
        "Linux; Android 13; SM-A536B",
        "Linux; Android 15; K",
    ];
    let mut all = Vec::new();
    for patch in 0..4 {
        for version in 100..150 {
            for system in systems {
                let mobile = if system.contains("Android") { " Mobile" } else { "" };
                all.push(format!(
                    "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.{patch}.0{mobile} Safari/537.36"
                ));
            }
            all.push(format!(
                "Mozilla/5.0 (Windows NT 10.0; rv:{version}.{patch}) Gecko/20100101 Firefox/{version}.{patch}"
            ));
            all.push(format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS {}_{patch} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{}.{patch} Mobile/15E148 Safari/604.1",
                version - 90,
                version - 90
            ));
        }
    }
    // So that common ones are not all of one family.
    let mut random = Random::new(7);
    for place in (1..all.len()).rev() {
        all.swap(place, random.below(u32::try_from(place + 1).unwrap_or(1)) as usize);
    }
    all
}

/// The sites' own pages first, then search engines and 400 other sites.
fn referrers(sites: u32) -> Vec<String> {
    let own = (0..sites).map(|site| format!("https://www.site-{site}.example/"));
    let search =
        ["https://www.google.com/", "https://www.google.co.jp/", "https://www.bing.com/", "https://t.co/x1Y2z3"];
    let others = (0..400).map(|n| format!("https://blog{}.partner-{n}.com/post/{}", n % 7, n * 31));
    own.chain(search.map(str::to_owned)).chain(others).collect()
}

/// Draws that follow from a seed.
pub struct Random(SplitMix64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 to below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// From 0 to below 1.
    pub fn fraction(&mut self) -> f64 {
        f64::from((self.next() >> 32) as u32) / f64::from(u32::MAX)
    }

    /// A place below `limit`; small ones come more often.
    pub fn skewed(&mut self, limit: usize) -> usize {
        let fraction = self.fraction();
        ((fraction * fraction * fraction * limit as f64) as usize).min(limit - 1)
    }
}
