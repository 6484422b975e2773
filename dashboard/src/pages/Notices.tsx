// What is missing in a period, and whether the next numbers are late: in words, above the chart.

import type { Missing, Site } from "../api/gen/headcount/v1/stats_pb";
import { PeriodKind, Reason } from "../api/gen/headcount/v1/stats_pb";
import { axisDay, moment } from "../format/datewords";
import type { Period } from "../format/dates";
import { lateDays } from "../state/late";
import { language } from "../state/settings";
import { words } from "../words";

const DATES_MAX = 6;

export function Notices({ site, period, missing }: { site: Site; period: Period; missing: readonly Missing[] }) {
  const w = words().state;
  const due = site.nextDueUnixS > 0n ? moment(Number(site.nextDueUnixS), language.value) : undefined;
  const isLate = lateDays(site.nextDueUnixS, Date.now()) !== undefined;
  const gaps = missing.filter((one) => one.reason === Reason.GAP && one.kind === PeriodKind.DAY).map((one) => axisDay(one.start, language.value));
  const listed = gaps.slice(0, DATES_MAX).join(language.value === "ja" ? "、" : ", ") + (gaps.length > DATES_MAX ? " …" : "");
  const reachesOn = period.to > site.lastDate;
  const texts = [
    gaps.length > 0 ? w.gap(gaps.length, listed) : "",
    reachesOn && due && !isLate ? (period.from > site.lastDate ? `${w.notYet} ` : "") + w.notYetDue(due) : "",
    isLate && due ? w.late(due) : "",
  ].filter((text) => text !== "");
  return (
    <>
      {texts.map((text) => (
        <p key={text} class="notice slim">{text}</p>
      ))}
    </>
  );
}
