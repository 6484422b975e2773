// Periods: what an address says, what it means, and the one before and after.

import { describe, expect, test } from "vitest";
import { addDays, dayNumber, daysIn, parsePeriod, type Period, periodAt, periodText, step, yearBefore } from "../src/format/dates";
import { periodWords } from "../src/format/datewords";

const period = (text: string): Period => {
  const read = parsePeriod(text);
  if (!read) throw new Error(`${text} is no period`);
  return read;
};

describe("addresses", () => {
  test.each([
    ["2026", "2026-01-01", "2026-12-31"],
    ["2026-10", "2026-10-01", "2026-10-31"],
    ["2024-02", "2024-02-01", "2024-02-29"],
    ["2026-W43", "2026-10-19", "2026-10-25"],
    ["2026-W01", "2025-12-29", "2026-01-04"],
    ["2026-W53", "2026-12-28", "2027-01-03"],
    ["2024-W01", "2024-01-01", "2024-01-07"],
    ["2026-10-15", "2026-10-15", "2026-10-15"],
    ["2026-10-01..2026-10-20", "2026-10-01", "2026-10-20"],
  ])("%s", (text, from, to) => {
    expect(period(text)).toMatchObject({ from, to });
    expect(periodText(period(text))).toBe(text);
  });
  test.each(["", "26-10", "2026-13", "2026-00", "2026-02-30", "2025-W53", "2026-W54", "2026-W00", "2026-10-20..2026-10-01", "2026-10-01..", "2026-10-01..2026-10-02..2026-10-03", "page", "0000"])(
    "%s is none",
    (text) => expect(parsePeriod(text)).toBeUndefined(),
  );
});

describe("calendar", () => {
  test("every day of seven years has one week, and the text leads back", () => {
    for (let day = dayNumber("2023-01-01")!; day < dayNumber("2030-01-01")!; day += 1) {
      const date = addDays("1970-01-01", day);
      const week = periodAt("week", date);
      expect(week.from <= date && date <= week.to && daysIn(week) === 7).toBe(true);
      expect(parsePeriod(periodText(week))).toEqual(week);
    }
  });
  test.each(["2026", "2026-10", "2026-W43", "2026-10-15", "2026-10-01..2026-10-20"])("%s: before and after lie beside it", (text) => {
    const here = period(text);
    expect(addDays(step(here, -1).to, 1)).toBe(here.from);
    expect(addDays(here.to, 1)).toBe(step(here, 1).from);
    expect(step(step(here, 1), -1)).toEqual(here);
  });
  test("a year before", () => {
    expect(periodText(yearBefore(period("2026-10")))).toBe("2025-10");
    expect(periodText(yearBefore(period("2024-02-29")))).toBe("2023-02-28");
  });
});

test("periods in words", () => {
  expect(periodWords(period("2026-10"), "en")).toBe("October 2026");
  expect(periodWords(period("2026-10"), "ja")).toBe("2026年10月");
  expect(periodWords(period("2026-W43"), "en")).toBe("Week 43, 19 Oct – 25 Oct 2026");
  expect(periodWords(period("2026-10-15"), "en")).toBe("Thu 15 Oct 2026");
  expect(periodWords(period("2026-10-15"), "ja")).toBe("2026年10月15日(木)");
});
