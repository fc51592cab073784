import type { CollectorStatus } from '../../src/collection/snapshot.ts';
import { type CollectorState, isStale } from '../../src/collection/state.ts';
import { type Html, html } from './html.ts';
import { formatDistance, formatInstant } from './words.ts';

/** How good a state is: decides the badge's colour and sign. */
type Mood = 'good' | 'soft' | 'warn' | 'bad';

const STATES: Readonly<Record<CollectorStatus, readonly [mood: Mood, words: string]>> = {
  pending: ['soft', 'first collection under way'],
  ok: ['good', 'ok'],
  partial: ['warn', 'failed in part'],
  no_data: ['soft', 'no data yet'],
  not_enabled: ['soft', 'not enabled'],
  no_credentials: ['warn', 'no credentials'],
  budget: ['warn', 'waits: no room in the budget'],
  failed: ['bad', 'failed'],
};

const SIGNS: Readonly<Record<Mood, string>> = { good: '✓', soft: '○', warn: '!', bad: '✕' };

function badge(mood: Mood, words: string): Html {
  return html`<span class="badge ${mood}"><span aria-hidden="true">${SIGNS[mood]}</span> ${words}</span>`;
}

/** An instant for people and for machines. */
export function instant(ms: number, now: number): Html {
  return html`<time datetime="${new Date(ms).toISOString()}" title="${formatInstant(ms)}">${formatDistance(ms, now)}</time>`;
}

/** Whether a collector's kept figures are older than they should be. */
function isOld(state: CollectorState, now: number): boolean {
  return state.kept !== undefined && isStale(state, now);
}

/** One badge for all collectors of a target. */
export function overallBadge(states: readonly CollectorState[], now: number): Html {
  const bad = states.filter(({ status }) => STATES[status][0] === 'bad').length;
  const worrying = states.filter((state) => STATES[state.status][0] === 'warn' || isOld(state, now)).length;
  const of = (count: number) => (states.length === 1 ? '' : `${count} of ${states.length} collectors `);
  if (bad > 0) return badge('bad', `${of(bad)}failed`);
  if (worrying > 0) return badge('warn', `${of(worrying)}to look at`);
  if (states.some(({ status }) => status === 'pending'))
    return badge('soft', 'collecting for the first time');
  return badge('good', 'all is well');
}

/** How each collector of a target stands: state, since when, why, and what to do. */
export function collectorList(states: readonly CollectorState[], now: number): Html {
  return html`<ul class="collectors">${states.map((state, index) => collector(state, states.slice(0, index), now))}</ul>`;
}

/** What is wrong with a whole collector, in words; undefined where nothing is, or only with parts of it. */
function faultOf({ cause, failed }: CollectorState): string | undefined {
  return failed.length === 0 && cause !== null ? `${cause.message} ${cause.advice}` : undefined;
}

function collector(state: CollectorState, before: readonly CollectorState[], now: number): Html {
  const { capability, status, failed, lastSuccess, nextRun } = state;
  const fault = faultOf(state);
  // The same lack of all collectors, of credentials say, is told once.
  const same = fault === undefined ? undefined : before.find((other) => faultOf(other) === fault);
  const [mood, words] = STATES[status];
  return html`<li>
<p><strong>${capability.name}</strong> ${badge(mood, words)}${isOld(state, now) && html` ${badge('warn', 'figures are old')}`}</p>
<p class="when">Last success: ${lastSuccess === undefined ? 'none yet' : instant(lastSuccess, now)}${
    status !== 'pending' &&
    nextRun !== undefined &&
    html` · next run: ${nextRun > now ? instant(nextRun, now) : 'due now'}`
  }</p>
${fault !== undefined && html`<p class="cause">${same === undefined ? fault : `The same as for ${same.capability.name}.`}</p>`}
${failed.length > 0 && html`<ul class="parts">${failed.map((part) => html`<li><bdi>${part.part}</bdi>: ${part.cause.message} ${part.cause.advice}</li>`)}</ul>`}
</li>`;
}
