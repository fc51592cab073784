import { daysIn } from '../../src/collection/periods.ts';
import type { CollectorState } from '../../src/collection/state.ts';
import { costChart } from './chart.ts';
import { collectorList, instant, overallBadge } from './collectors.ts';
import type { CostFigures, ForecastFigures } from './figures.ts';
import { type Html, html } from './html.ts';
import { SCRIPT } from './slash.ts';
import { type OwnSpend, ownSpend } from './spend.ts';
import { ICON, STYLE } from './style.ts';
import { formatAmount, formatInstant, formatMonth, formatWeekday } from './words.ts';

/** Characters of an amount that fit into a tile in full size. */
const TILE_LENGTH = 11;

/** What the page says of one target. */
export interface TargetView {
  readonly name: string;
  readonly accountId: string | undefined;
  /** Its collectors in the canonical order. */
  readonly states: readonly CollectorState[];
  readonly cost: CostFigures | undefined;
  readonly forecast: ForecastFigures | undefined;
}

/** What the page is made from. */
export interface PageView {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where /metrics is: on this listener, or on a port of its own (undefined: one that the system chose). */
  readonly metrics: { readonly here: boolean; readonly port: number | undefined };
  readonly spend: OwnSpend;
  readonly targets: readonly TargetView[];
}

/** The whole page. Every link is relative, so that it works behind a path prefix. */
export function homePage({ version, now, metrics, spend, targets }: PageView): string {
  const several = targets.length > 1;
  return `<!DOCTYPE html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>aws-cost-exporter</title>
<script>${SCRIPT}</script>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<header>
<a class="skip" href="#figures">Skip to the figures</a>
<h1>aws-cost-exporter</h1>
<p>AWS billing as Prometheus metrics and a REST API. It is bought on a schedule and kept: opening this page asks AWS nothing.</p>
<nav aria-label="This exporter"><ul>
<li><a href="docs/">API documentation</a></li>
<li><a href="targets">Targets</a></li>
<li><a href="ready">Readiness</a></li>
<li><a href="spend">Spend</a></li>
<li>${metrics.here ? html`<a href="metrics">Metrics</a>` : html`<span>Metrics: <code>/metrics</code> on ${metrics.port === undefined ? 'a port of its own' : `port ${metrics.port}`}</span>`}</li>
</ul></nav>
${ownSpend(spend)}
${several && html`<nav aria-label="Targets"><ul class="jump">${targets.map(({ name, states }, index) => html`<li><a href="#target-${index + 1}"><bdi>${name}</bdi></a> ${overallBadge(states, now)}</li>`)}</ul></nav>`}
</header>
<main id="figures" tabindex="-1">
${targets.map((target, index) => targetSection(target, index + 1, now))}
</main>
<footer><p>Version ${version}. Figures as of ${formatInstant(now)}; reload the page for newer ones.</p></footer>
</body>
</html>
`}`;
}

function targetSection(view: TargetView, number: number, now: number): Html {
  const { name, accountId, states, cost } = view;
  const id = `target-${number}`;
  const accountName = cost?.byAccount.find((account) => account.accountId === accountId)?.name;
  return html`<section id="${id}" aria-labelledby="${id}-name">
<div class="head">
<h2 id="${id}-name"><bdi>${name}</bdi></h2>
<p class="account">${accountId === undefined ? 'account not known yet' : html`account <bdi>${accountId}</bdi>`}${accountName && html`, <bdi>${accountName}</bdi>`}</p>
${overallBadge(states, now)}
</div>
${costPart(view, id, now)}
<h3>Collectors</h3>
${collectorList(states, now)}
</section>`;
}

function costPart({ name, states, cost, forecast }: TargetView, id: string, now: number): Html {
  const state = states.find(({ capability }) => capability.name === 'cost');
  if (state === undefined) return html`<p class="note">The cost of this target is not collected.</p>`;
  if (cost === undefined) return html`<p class="note">${noFigures(state)}</p>`;
  const query = `?target=${encodeURIComponent(name)}`;
  const forecastOn = states.some(({ capability }) => capability.name === 'forecast');
  return html`<dl class="tiles">
${tiles(cost, forecastOn, forecast)}
</dl>
${costChart(cost, id)}
<p class="links">${state.kept && html`Collected ${instant(Date.parse(state.kept.snapshot.collectedAt), now)}. `}As JSON: <a href="cost/current${query}">cost</a>${forecast !== undefined && html`, <a href="cost/forecast${query}">forecast</a>`}</p>`;
}

function noFigures({ status, cause }: CollectorState): string {
  if (cause !== null) return `No figures yet. ${cause.message}`;
  return status === 'pending'
    ? 'The first collection is under way. Reload the page in a moment.'
    : 'No figures yet.';
}

function tiles(cost: CostFigures, forecastOn: boolean, forecast: ForecastFigures | undefined): Html[] {
  const { currency, window, total, monthToDate } = cost;
  const today = window.end;
  const soFar = cost.daily.find(({ date }) => date === today)?.cost;
  const length = daysIn(window.start, window.end).length;
  const shown = [
    tile('Month to date', monthToDate, currency, formatMonth(today)),
    tile('Today so far', soFar, currency, `${formatWeekday(today)}, UTC`),
    tile(length === 1 ? 'Yesterday' : `Last ${length} days`, total, currency, 'complete days'),
  ];
  if (forecastOn) {
    shown.push(
      tile('Forecast', forecast?.monthEnd, forecast?.currency ?? null, `all of ${formatMonth(today)}`),
    );
  }
  return shown;
}

function tile(name: string, amount: number | null | undefined, currency: string | null, note: string): Html {
  const shown = amount === null || amount === undefined ? undefined : formatAmount(amount, currency);
  const kind = shown === undefined ? 'none' : shown.length > TILE_LENGTH ? 'long' : 'amount';
  return html`<div><dt>${name}</dt><dd><bdi class="${kind}">${shown ?? 'no figure'}</bdi><small>${note}</small></dd></div>`;
}
