// "Reading these numbers": what an interval is, when a change is one, and which questions have an answer here.

import { useState } from "preact/hooks";
import type { Site } from "../api/gen/headcount/v1/stats_pb";
import { routeText, siteRoute } from "../state/address";
import { useShortcuts } from "../state/shortcuts";
import { TABS } from "../state/tables";
import { prose } from "../words";
import type { Question } from "../words/prose.en";

function asked(question: Question, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return wanted === "" || `${question.ask} ${question.also} ${question.answer}`.toLowerCase().includes(wanted);
}

function Questions({ sites }: { sites: readonly Site[] }) {
  const w = prose().reading;
  const [text, setText] = useState("");
  useShortcuts({ "/": () => document.getElementById("find")?.focus() });
  const found = w.questions.filter((question) => asked(question, text));
  const site = sites.find((one) => one.lastDate !== "") ?? sites[0];
  const address = (question: Question) => {
    const tab = TABS.find((one) => one === question.tab);
    return site && question.tab ? routeText(siteRoute(site.site, tab ? { tab } : {})) : undefined;
  };
  return (
    <section aria-labelledby="ask">
      <h2 id="ask">{w.askTitle}</h2>
      <input id="find" type="search" placeholder={w.find} aria-label={w.find} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <dl class="questions">
        {found.map((question) => (
          <div key={question.ask}>
            <dt>{question.ask} {!question.tab && <span class="cannot">{w.cannot}</span>}</dt>
            <dd>{question.answer} <Go to={address(question)} name={question.ask} /></dd>
          </div>
        ))}
      </dl>
      {found.length === 0 && <p role="status">{w.noQuestion}</p>}
    </section>
  );
}

function Go({ to, name }: { to: string | undefined; name: string }) {
  const w = prose().reading;
  return to === undefined ? null : <a href={to} aria-label={`${w.goTo}: ${name}`}>{w.goTo}</a>;
}

export function Reading({ sites }: { sites: readonly Site[] }) {
  const w = prose().reading;
  return (
    <div class="text">
      <h1>{w.title}</h1>
      {w.sections.map((section) => (
        <section key={section.title}>
          <h2>{section.title}</h2>
          {section.text.map((text) => <p key={text}>{text}</p>)}
        </section>
      ))}
      <Questions sites={sites} />
    </div>
  );
}
