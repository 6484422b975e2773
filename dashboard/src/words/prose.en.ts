// The longer texts of the page in English: how private it is, how to read it, and what can be asked.

import type { Tab } from "../state/tables";

/** A question that people bring from other tools, and what headcount says to it. */
export interface Question {
  readonly ask: string;
  /** Other words for it, for the search. */
  readonly also: string;
  readonly answer: string;
  /** Where the answer stands; absent where it cannot be asked. */
  readonly tab?: Tab | "figures" | "chart";
}

export interface Facts {
  readonly site: string;
  readonly zone: string;
  readonly views: string;
  readonly viewsOfPage: string;
  readonly epsilon: string;
  readonly delta: string;
}

export const proseEn = {
  privacy: {
    title: (site: string) => `How private is ${site}?`,
    lead: "Headcount counts visits and never keeps who made them. This page says what is kept, what could be guessed, and what is not protected.",
    label: "What this site keeps of you",
    what: "What",
    how: "How it is kept",
    until: "Until",
    exact: "Outside the promise",
    odds: "What somebody could guess",
    oddsText: "The promise is about guessing. Think of somebody who reads everything that this site has ever published, and wants to know whether you were here on one day.",
    oddsBefore: "Thought before that the chance was",
    oddsAfter: "Can think after at most about",
    oddsIn: (n: string, m: string) => `${n} in ${m}`,
    oddsEnd: "The last row is the honest other end: whoever already thinks it is a toss-up can become rather sure. Nobody can be made certain.",
    oddsFormal: (epsilon: string, delta: string, factor: string) =>
      `In the language of the field: (ε, δ) differential privacy of one visitor’s day on this site, over everything ever published, with ε = ${epsilon} and δ = ${delta}. The odds change by at most a factor of ${factor}, but for a chance of δ.`,
    regular: "Somebody who comes every day is protected less",
    regularText: "Each day is hidden by itself. Somebody who comes every day and does the same each time adds up; then the promise about all these days together is weaker, and after a year it says next to nothing about whether this person is a regular. Which pages were opened on any one day stays hidden as above.",
    visits: "Visits",
    times: { day: "one day", week: "every day of a week", month: "every day of a month", year: "every day of a year" },
    factor: "Odds change by at most a factor of",
    chance: "and on top a chance (δ) of",
    million: "more than a million",
    notTitle: "What this does not protect against",
    not: [
      "Your network and your employer may see which sites you open. That happens outside this site.",
      "The site’s own web server and its logs are not headcount. What they keep stands in the site’s privacy policy.",
      "A form that you send, or a login, tells the site who you are. Headcount does not see it.",
      "Facts about groups are the purpose: that many people read a page can be seen by everybody.",
      "Whoever controls the server while a day is open could read what is counted in memory. After the day its key is destroyed.",
    ],
    tryTitle: "Try it: with and without you",
    tryText: (sigma: string) =>
      `A made-up day, published 20 times over: once as if you had not come, once as if you had. Each dot is one published number of visits, with the noise that this site uses (standard deviation ${sigma}). In truth a day is published once.`,
    tryButton: "Publish again",
    tryWithout: (n: string) => `without you: ${n} visits`,
    tryWith: (n: string) => `with you: ${n} visits`,
    tryAfter: (without: string, withYou: string) => `This time the averages of the two rows are ${without} and ${withYou}. From one dot nobody can tell which row it is of.`,
    tryChart: "Two rows of dots that lie over the same numbers",
    statement: "Text for this site’s privacy policy",
    statementText: "Made from the configuration of this server. Check it with your privacy officer before you publish it.",
    statementCopy: "Copy this text",
    details: "The details, for those who check",
    bounds: "What one visitor can add in a day",
    boundViews: (n: string) => `${n} page views in all`,
    boundPage: (n: string) => `${n} views of any one page`,
    boundOther: (n: string) => `${n} in each other table, taken from the first page view`,
    mechanisms: "Tables, shares of the budget and noise",
    mechanism: { table: "Table", period: "Period", what: "What", share: "Share", sigma: "Noise (σ)", threshold: "Threshold" },
    ledger: "Ledger: what the latest releases took from the budget of each day in them",
    ledgerColumns: { release: "Release", period: "Period", start: "Start", spent: "Taken (ρ)", note: "Note" },
    gap: "gap",
    periods: ["", "hour", "day", "week", "month", "quarter"] as readonly string[],
    siteTable: "Site",
    later: (date: string) => `From ${date} on other terms hold.`,
  },
  statement: (f: Facts) => `This website (${f.site}) counts its visits with headcount, on servers under our own control. No data goes to third parties.

When you open a page, your address, your browser’s name, the cookie that tells visits apart, the page and the page you came from are used in memory to count the visit. They are not stored. Until the day, week or month is over, your visit is held as an encrypted code that cannot be turned back into your address; after that the key is destroyed.

What remains are counts. Each of them is changed by a small random amount, so that nobody can tell from the published statistics whether you were here on a given day (differential privacy, ε = ${f.epsilon}, δ = ${f.delta} for each visitor and day). Of one visitor at most ${f.views} page views a day are counted, and at most ${f.viewsOfPage} of any one page. Days are days in the time zone ${f.zone}.

The statistics may be published and are kept for good.`,
  reading: {
    title: "Reading these numbers",
    sections: [
      {
        title: "314 ± 15",
        text: [
          "Every number is a best estimate with a 95 % interval. 314 ± 15 says: the true count lies most likely between 299 and 329. Of 100 such intervals 95 hold it.",
          "Where the estimate is not in the middle, both ends are written: 445 (373 to 897). The estimate may lean on totals and on earlier periods; the interval does not.",
          "Noise of the same size is added to a small and to a large number. So 4,000 ± 21 is sharp and 26 ± 21 is not. Longer periods say more about small sites: a month is published by itself and is better than its days added up.",
        ],
      },
      {
        title: "Within the noise (≈)",
        text: [
          "A change gets an arrow only if it is larger than what noise alone makes. Else it is ≈, within the noise: nothing can be said about it, not that nothing changed.",
          "The interval holds the privacy noise alone. How visits vary from day to day by chance is not in it. So a change is called more than the noise, and never significant.",
          "In the overview many sites are compared at once. There a change must be larger still (3.3 standard errors), so that only few sites stand out by noise.",
        ],
      },
      {
        title: "Visits, page views, visitors",
        text: [
          "All that one visitor does on a site from midnight to midnight, in the site’s time zone, is one visit.",
          "Page views are counted up to a daily bound for each visitor. One visitor can therefore not move a number far.",
          "Visitors are counted for exactly one hour, day, week or month. They do not add up: who comes on two days is one visitor of the month. A visitor is a browser, not a person.",
        ],
      },
      {
        title: "Missing numbers",
        text: [
          "A number that is missing always says why: not yet published, a gap, not counted, or suppressed. Missing is not zero, and zero is not missing.",
          "New pages and referrers get a name once enough visitors touched them. Until then they are in “Other”.",
          "“Not distinguishable from zero” says that what is seen may be noise alone.",
        ],
      },
      {
        title: "The chart",
        text: [
          "The line is the best estimate, the dark band holds the truth in half of the cases, the light one in 95 of 100. The axis begins at zero always. The dashed line is the period before.",
          "Where noise rules the days, weeks are drawn. Hatched parts have no number.",
          "Click into the chart or press Tab to reach it: the arrow keys read point by point, also with a screen reader.",
        ],
      },
    ],
    askTitle: "What can be asked",
    find: "Find a question",
    noQuestion: "No such question is listed.",
    goTo: "Show it",
    cannot: "cannot be asked",
    questions: [
      { ask: "Bounce rate", also: "one page single page exit", answer: "The figure “One page only”: the share of visits with a single page view.", tab: "figures" },
      { ask: "Pages a visit", also: "depth views per visit engagement", answer: "Below the figure “One page only”.", tab: "figures" },
      { ask: "Busiest hours", also: "peak time of day hour weekday", answer: "Visitors, Hours of the week; and the chart of a single day by hour.", tab: "visitors" },
      { ask: "Pages not found", also: "404 broken links errors 4xx", answer: "Content, Errors by page: rows that begin with 4xx.", tab: "content" },
      { ask: "Errors of the server", also: "5xx 500 failure", answer: "Health, Visits with errors: 5xx; by page under Content.", tab: "health" },
      { ask: "Slow pages", also: "speed response time performance latency", answer: "Health, Response times: of the site as a whole. By page it is not counted, because each further table would make all others noisier.", tab: "health" },
      { ask: "Entries of a page", also: "landing pages entry", answer: "Content, Entry pages: where visits began.", tab: "content" },
      { ask: "Robots", also: "bots crawlers spiders", answer: "Health, Robots. They are in no other number.", tab: "health" },
      { ask: "Where visitors come from", also: "referrers sources search engines campaigns utm", answer: "Sources: referrers and campaigns.", tab: "sources" },
      { ask: "Files for Excel or Grafana", also: "csv export download json api", answer: "Every table and the chart have a link to their CSV.", tab: "chart" },
      { ask: "The path of one visitor", also: "user journey flow session recording click path", answer: "Which pages one visitor opened one after another is never kept, so nobody can look it up. Ask instead which pages visits begin on and which pages are read." },
      { ask: "Pages read in one country", also: "filter segment cross combination breakdown by", answer: "Two attributes together make groups so small that noise would have to hide them. Ask for one table at a time; for another audience use a site or a campaign of its own." },
      { ask: "Who is here now", also: "live real time visitors online now", answer: "A number is published once, after its hour or day is over. A live number would show single visitors come and go. Ask for yesterday." },
      { ask: "Visitors over any range", also: "unique visitors custom range sum", answer: "Visitors exist for exactly one hour, day, week or month. To add them up, people would have to be recognised for longer. Ask for visits of the range, or visitors of its months." },
      { ask: "A total over all sites", also: "sum sites ministry all", answer: "Visitors of two sites may be the same person, and sites do not share what could tell. Ask for each site; visits of several sites may be added, with their errors." },
      { ask: "The exact number", also: "true count without noise real", answer: "Exact counts are destroyed when a period is published. Nobody has them, the operator included." },
      { ask: "How long people stay", also: "time on page duration session length dwell", answer: "Times of single visits are not kept. Ask for page views a visit." },
    ] as readonly Question[],
  },
};

export type Prose = typeof proseEn;
