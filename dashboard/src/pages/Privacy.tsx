// "How private is this?": what is kept, the odds and their honest other end, regular visitors, what is not protected, try it, the
// text for a policy, and the numbers behind all of it.

import { type GetPrivacyResponse, type Mechanism, PeriodKind, type Site, Table } from "../api/gen/headcount/v1/stats_pb";
import { stats } from "../api/client";
import { longDay } from "../format/datewords";
import { count } from "../format/number";
import { Copy } from "../parts/Copy";
import { plain } from "../parts/Number";
import { Loading, Refused } from "../parts/States";
import { useAnswer } from "../state/ask";
import { language } from "../state/settings";
import { titleOf } from "../state/sites";
import { prose, proseIn, words } from "../words";
import { inJapanese } from "../words/retention";
import { nIn, oneIn, posterior } from "./odds";
import { SiteHead } from "./SiteHead";
import { Try } from "./Try";

const LEDGER_ENTRIES = 100;
/** The visits of the made-up day where the site has none to take. */
const VISITS_DEFAULT = 300;

/** A sentence of the server: in Japanese where it is known, else marked as English. */
function Told({ text }: { text: string }) {
  const known = language.value === "ja" ? inJapanese(text) : undefined;
  return known === undefined ? <span lang="en">{text}</span> : <>{known}</>;
}

function Kept({ data }: { data: GetPrivacyResponse }) {
  const w = prose().privacy;
  return (
    <section>
      <h2>{w.label}</h2>
      <div class="wide" tabIndex={0} role="region" aria-label={w.label}>
        <table class="plain label">
          <thead><tr><th scope="col">{w.what}</th><th scope="col">{w.how}</th><th scope="col">{w.until}</th></tr></thead>
          <tbody>
            {data.retention.map((kept) => (
              <tr key={kept.what}>
                <th scope="row"><Told text={kept.what} /></th>
                <td><Told text={kept.how} /></td>
                <td><Told text={kept.until} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data.notCovered !== "" && <p class="note"><b>{w.exact}:</b> <Told text={data.notCovered} /></p>}
    </section>
  );
}

/** `1e-7`: as the field writes it. */
const small = (n: number): string => (n === 0 ? "0" : n >= 0.001 ? `${Number((n * 100).toPrecision(2))} %` : n.toExponential(n === Number(n.toExponential(0)) ? 0 : 1).replace("e-", "e-"));

function Odds({ data }: { data: GetPrivacyResponse }) {
  const w = prose().privacy;
  const rows = [10_000, 1_000].map((n) => [w.oddsIn("1", plain(n)), w.oddsIn("1", plain(oneIn(posterior(1 / n, data.epsilon))))] as const);
  const end = nIn(posterior(0.5, data.epsilon));
  const all = [...rows, [w.oddsIn("1", "2"), w.oddsIn(plain(end), plain(end + 1))] as const];
  return (
    <section>
      <h2>{w.odds}</h2>
      <p>{w.oddsText}</p>
      <table class="plain odds">
        <thead><tr><th scope="col">{w.oddsBefore}</th><th scope="col">{w.oddsAfter}</th></tr></thead>
        <tbody>{all.map(([before, after]) => <tr key={before}><th scope="row">{before}</th><td>{after}</td></tr>)}</tbody>
      </table>
      <p>{w.oddsEnd}</p>
      <p class="note">{w.oddsFormal(String(data.epsilon), small(data.delta), Math.exp(data.epsilon).toFixed(1))}</p>
    </section>
  );
}

function Regular({ data }: { data: GetPrivacyResponse }) {
  const w = prose().privacy;
  const rows = [
    [w.times.day, data.epsilon, data.delta],
    [w.times.week, data.epsilonWeek, data.deltaWeek],
    [w.times.month, data.epsilonMonth, data.deltaMonth],
    [w.times.year, data.epsilonYear, data.deltaYear],
  ] as const;
  const factor = (epsilon: number) => (epsilon > Math.log(1e6) ? w.million : Math.exp(epsilon).toFixed(1));
  return (
    <section>
      <h2>{w.regular}</h2>
      <p>{w.regularText}</p>
      <div class="wide" tabIndex={0} role="region" aria-label={w.regular}>
        <table class="plain">
          <thead><tr><th scope="col">{w.visits}</th><th scope="col" class="right">ε</th><th scope="col" class="right">{w.factor}</th><th scope="col" class="right">{w.chance}</th></tr></thead>
          <tbody>
            {rows.map(([name, epsilon, delta]) => (
              <tr key={name}><th scope="row">{name}</th><td class="right">{String(Number(epsilon.toFixed(2)))}</td><td class="right">{factor(epsilon)}</td><td class="right">{small(delta)}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function NotProtected() {
  const w = prose().privacy;
  return (
    <section>
      <h2>{w.notTitle}</h2>
      <ul>{w.not.map((text) => <li key={text}>{text}</li>)}</ul>
    </section>
  );
}

function Statement({ data, site }: { data: GetPrivacyResponse; site: Site }) {
  const w = prose().privacy;
  const texts = (["en", "ja"] as const).map((name) => ({
    name,
    text: proseIn(name).statement({
      site: titleOf(site, name),
      zone: site.timeZone,
      views: String(data.bounds?.viewsPerVisitorDay ?? 0),
      viewsOfPage: String(data.bounds?.viewsPerPage ?? 0),
      epsilon: String(data.epsilon),
      delta: small(data.delta),
    }),
  }));
  return (
    <section>
      <h2>{w.statement}</h2>
      <p>{w.statementText}</p>
      {texts.map(({ name, text }) => (
        <div class="statement" key={name} lang={name}>
          {text.split("\n\n").map((part) => <p key={part}>{part}</p>)}
          <p lang={language.value}><Copy text={() => text} label={w.statementCopy} class="" /></p>
        </div>
      ))}
    </section>
  );
}

function MechanismRow({ one }: { one: Mechanism }) {
  const w = words();
  const p = prose().privacy;
  return (
    <tr>
      <th scope="row">{one.table === Table.SITE ? p.siteTable : (w.table[one.table]?.title ?? "")}</th>
      <td>{p.periods[one.period]}</td>
      <td lang="en">{one.what}</td>
      <td class="right">{(one.shareBasisPoints / 100).toFixed(2)} %</td>
      <td class="right">{one.sigma.toFixed(1)}</td>
      <td class="right">{one.threshold === 0n ? "-" : count(one.threshold, language.value)}</td>
    </tr>
  );
}

function Details({ data }: { data: GetPrivacyResponse }) {
  const w = prose().privacy;
  const m = w.mechanism;
  const l = w.ledgerColumns;
  return (
    <section>
      <h2>{w.details}</h2>
      <h3>{w.bounds}</h3>
      <ul>
        <li>{w.boundViews(String(data.bounds?.viewsPerVisitorDay ?? 0))}</li>
        <li>{w.boundPage(String(data.bounds?.viewsPerPage ?? 0))}</li>
        <li>{w.boundOther(String(data.bounds?.attributesPerVisitorDay ?? 0))}</li>
      </ul>
      {data.later.map((terms) => <p key={terms.fromDate} class="note">{w.later(longDay(terms.fromDate, language.value))}</p>)}
      <h3>{w.mechanisms}</h3>
      <div class="wide" tabIndex={0} role="region" aria-label={w.mechanisms}>
        <table class="plain">
          <thead><tr><th scope="col">{m.table}</th><th scope="col">{m.period}</th><th scope="col">{m.what}</th><th scope="col" class="right">{m.share}</th><th scope="col" class="right">{m.sigma}</th><th scope="col" class="right">{m.threshold}</th></tr></thead>
          <tbody>{data.mechanisms.map((one, at) => <MechanismRow key={at} one={one} />)}</tbody>
        </table>
      </div>
      <h3>{w.ledger}</h3>
      <div class="wide tall" tabIndex={0} role="region" aria-label={w.ledger}>
        <table class="plain">
          <thead><tr><th scope="col">{l.release}</th><th scope="col">{l.period}</th><th scope="col">{l.start}</th><th scope="col" class="right">{l.spent}</th><th scope="col">{l.note}</th></tr></thead>
          <tbody>
            {data.ledger.map((entry) => (
              <tr key={String(entry.release)}>
                <th scope="row">{String(entry.release)}</th>
                <td>{w.periods[entry.kind]}</td>
                <td>{entry.kind === PeriodKind.HOUR ? entry.start.slice(0, 16).replace("T", " ") : entry.start}</td>
                <td class="right">{(Number(entry.rhoNano) / 1e9).toFixed(6)}</td>
                <td>{entry.gap === "" ? "" : <><b>{w.gap}</b>: <span lang="en">{entry.gap}</span></>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function Privacy({ name, sites }: { name: string; sites: Site[] }) {
  const w = prose().privacy;
  const site = sites.find((one) => one.site === name) ?? (name === "" ? sites[0] : undefined);
  const answer = useAnswer(`privacy ${name}`, (signal) => stats.getPrivacy({ site: name, ledgerEntries: LEDGER_ENTRIES }, { signal }));
  if (answer.failure?.kind === "refused") return <Refused failure={answer.failure} />;
  const data = answer.data;
  if (!data || !site) return <Loading class="page" />;
  const sigma = data.mechanisms.find((one) => one.table === Table.SITE && one.period === PeriodKind.DAY && one.what === "visits")?.sigma ?? 10;
  const visits = Number(site.lastVisits?.estimate ?? 0n);
  return (
    <div class="text">
      <SiteHead site={site} sites={sites} route={{ page: "privacy", site: site.site }} />
      <h2 class="question">{w.title(titleOf(site, language.value))}</h2>
      <p class="lead">{w.lead}</p>
      <Kept data={data} />
      <Odds data={data} />
      <Regular data={data} />
      <NotProtected />
      <Try visits={visits > 20 ? visits : VISITS_DEFAULT} sigma={sigma} />
      <Statement data={data} site={site} />
      <Details data={data} />
    </div>
  );
}
