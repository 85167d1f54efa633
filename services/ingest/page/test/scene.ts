/** A call as the API tells of it, in parts. */

import type { AnalysisAnswer, StageAnswer, UtteranceAnswer } from "../src/api/schema";

export const line = (id: string, speaker: string, start_ms: number, end_ms: number): UtteranceAnswer => ({
  id,
  speaker,
  start_ms,
  end_ms,
  channel: 0,
  text: "it is slow",
  language: "en",
  confidence: null,
});

export const stage = (part: Partial<StageAnswer>): StageAnswer => ({
  attempts: 0,
  started_at: null,
  finished_at: null,
  processing_time_seconds: null,
  provider: null,
  model: null,
  cost_usd: null,
  error: null,
  ...part,
});

const QUOTE = {
  utterance_ids: ["u2"],
  quote: "it is slow",
  verified: true,
  speaker: "customer",
  start_ms: 1000,
  end_ms: 1900,
};

export const ANALYSIS: AnalysisAnswer = {
  revision: 1,
  prompt_version: "1",
  quality_validation: null,
  unverified: 0,
  criteria: {
    scorecard: [
      { id: "price", text: "Was the price named?" },
      { id: "date", text: "Was a date agreed?" },
    ],
    categories: [
      { id: "contract", text: "Mentions a contract", rule: "presence" },
      { id: "rude", text: "Somebody is rude", rule: "presence" },
    ],
  },
  matched: ["contract"],
  asking: null,
  work: { provider: "fake", model: "fake", requests: 1, audio_seconds: 0, input_tokens: 0, output_tokens: 0 },
  insights: {
    summary: "Slow.",
    language: "en",
    call_type: "support",
    call_outcome: "unknown",
    engagement_level: "low",
    sentiment: {
      overall: "neutral",
      score: 0,
      confidence: 1,
      reasoning: "",
      by_speaker: [],
      by_quarter: [],
      trend: "unknown",
      utterances: [],
    },
    pain_points: [{ description: "slow", severity: "high", category: "data_quality", evidence: [QUOTE] }],
    next_steps: [{ description: "call again", owner: "agent", due: null, evidence: [QUOTE] }],
    scorecard: [{ question_id: "price", answer: "yes", evidence: [QUOTE] }],
    entities: [],
    objections: [],
    competitors: [],
    key_topics: [],
    questions_raised: [],
    commitments: [],
    categories: [],
  },
};
