/** A call's findings by kind, each in a form in which all kinds can be shown. */

import type { AnalysisAnswer, Evidence, InsightsEvidence as Insights } from "../api/schema";
import { plain } from "../format";

export interface Item {
  readonly text: string;
  /** Codes that become badges: severity, state, kind. */
  readonly codes: readonly string[];
  readonly notes: readonly string[];
  readonly quotes: readonly Evidence[];
}

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly items: readonly Item[];
}

const item = (
  text: string,
  quotes: readonly Evidence[],
  codes: readonly string[] = [],
  notes: readonly (string | null | undefined | false)[] = [],
): Item => ({ text, quotes, codes, notes: notes.filter(note => typeof note === "string") });

function steps(insights: Insights): Item[] {
  return insights.next_steps.map(each =>
    item(
      each.description,
      each.evidence,
      [],
      [each.owner && `Owner: ${plain(each.owner)}`, each.due && `Due: ${each.due}`],
    ),
  );
}

function questions(insights: Insights): Item[] {
  return insights.questions_raised.map(each =>
    item(
      each.question,
      each.evidence,
      [each.answered ? "answered" : "unanswered"],
      [`Asked by ${each.asked_by}`],
    ),
  );
}

function objections(insights: Insights): Item[] {
  return insights.objections.map(each =>
    item(
      each.description,
      each.evidence,
      [each.resolution_status],
      [`About ${plain(each.type).toLowerCase()}`, each.response && `Answer: ${each.response}`],
    ),
  );
}

function people(insights: Insights): Item[] {
  return insights.entities.map(each => item(each.text, each.evidence, [], [plain(each.type)]));
}

/** The groups that hold something, what matters most first. */
export function grouped(insights: Insights): Group[] {
  const groups: Group[] = [
    {
      id: "pain-points",
      title: "Pain points",
      items: insights.pain_points.map(each =>
        item(each.description, each.evidence, [each.severity], [plain(each.category)]),
      ),
    },
    { id: "objections", title: "Objections", items: objections(insights) },
    { id: "next-steps", title: "Next steps", items: steps(insights) },
    {
      id: "commitments",
      title: "Commitments",
      items: insights.commitments.map(each => item(each.description, each.evidence, [], [`By ${each.by}`])),
    },
    {
      id: "competitors",
      title: "Competitors",
      items: insights.competitors.map(each => item(each.name, each.evidence)),
    },
    { id: "questions", title: "Questions", items: questions(insights) },
    {
      id: "topics",
      title: "Topics",
      items: insights.key_topics.map(each => item(each.topic, each.evidence)),
    },
    { id: "entities", title: "Names and numbers", items: people(insights) },
  ];
  return groups.filter(group => group.items.length > 0);
}

/** The tenant's own questions with their answers, in the order in which they are asked. */
export function scored(analysis: AnalysisAnswer): Item[] {
  const answers = new Map(analysis.insights?.scorecard.map(each => [each.question_id, each]));
  return analysis.criteria.scorecard.map(({ id, text }) => {
    const answer = answers.get(id);
    return item(
      text,
      answer?.evidence ?? [],
      answer ? [answer.answer] : [],
      answer ? [] : ["Not answered by what was said"],
    );
  });
}

/** The tenant's categories that the call is of. */
export function categories(analysis: AnalysisAnswer): string[] {
  return analysis.criteria.categories
    .filter(each => analysis.matched.includes(each.id))
    .map(each => each.text);
}
