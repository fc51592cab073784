import { type Html, html } from './html.ts';
import { formatAmount } from './words.ts';

/** From this share of the budget on the gauge changes its colour. */
const NEARLY_SPENT = 0.8;

/** What the exporter itself spends on AWS requests in this UTC day, all replicas and targets together; US dollars. */
export interface OwnSpend {
  readonly usd: number;
  readonly budgetUsd: number;
  /** Whether that is of all replicas; false while Redis cannot be asked. */
  readonly complete: boolean;
}

/** One line: what was spent today, of what may be. */
export function ownSpend({ usd, budgetUsd, complete }: OwnSpend): Html {
  const share = budgetUsd > 0 ? Math.min(1, usd / budgetUsd) : 1;
  const [spent, budget] = [formatAmount(usd, 'USD'), formatAmount(budgetUsd, 'USD')];
  return html`<p class="own">This exporter's own spend today: ${!complete && 'at least '}<strong>${spent}</strong> of its <strong>${budget}</strong> budget
<svg class="gauge${share >= NEARLY_SPENT && ' full'}" width="96" height="8" aria-hidden="true"><rect class="whole" width="96" height="8" rx="4"/>${
    share > 0 && html`<rect class="part" width="${Number((96 * share).toFixed(2))}" height="8" rx="4"/>`
  }</svg>${!complete && ' Redis cannot be asked: what other replicas have spent is not in it.'}</p>`;
}
