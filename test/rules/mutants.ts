// Rules with one thing left out: some test must fail with each of them.
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { type Rule, type RuleGroup, rulesOf } from './rules.ts';

/** A rule that lacks something. */
export interface Mutant {
  /** The rule, and what it lacks. */
  readonly name: string;
  /** Name of the alert, or of the series that is recorded. */
  readonly of: string;
  readonly what: string;
  /** The groups with the rule changed. */
  apply(groups: readonly RuleGroup[]): RuleGroup[];
}

type Cut = readonly [from: number, to: number, by: string];
const COMPARISONS = new Set(['Gtr', 'Gte', 'Lss', 'Lte', 'EqlC', 'Neq']);
const SETS = new Set(['And', 'Or', 'Unless']);

/** Each rule of some groups without each of the clauses that mute, join, compare or remember, and without its `for`. */
export function mutantsOf(groups: readonly RuleGroup[]): Mutant[] {
  return rulesOf(groups).flatMap((rule) => {
    const of = rule.alert ?? rule.record ?? '';
    const mutant = (what: string, change: (one: Rule) => Rule): Mutant => ({
      name: `${of}: ${what}`,
      of,
      what,
      apply: (all) =>
        all.map((group) => ({
          ...group,
          rules: group.rules.map((one) => ((one.alert ?? one.record) === of ? change(one) : one)),
        })),
    });
    const cuts = cutsOf(rule.expr).map(([from, to, by], index) =>
      mutant(`${short(rule.expr.slice(from, to))} -> ${short(by)}`, (one) => cut(one, index)),
    );
    return rule.for === undefined
      ? cuts
      : [mutant(`without its for of ${rule.for}`, ({ for: _, ...one }) => one), ...cuts];
  });
}

/** The rule with one of its cuts: those of other values have other numbers in the same places. */
function cut(rule: Rule, index: number): Rule {
  const [from, to, by] = cutsOf(rule.expr)[index] ?? [0, 0, ''];
  return { ...rule, expr: `${rule.expr.slice(0, from)}${by}${rule.expr.slice(to)}` };
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 70)} ... ${line.slice(-85)}` : line;
}

/** Every way to leave one thing out of an expression. */
function cutsOf(expr: string): Cut[] {
  const cuts: Cut[] = [];
  const text = ({ from, to }: SyntaxNode) => expr.slice(from, to);
  parser.parse(expr).iterate({
    enter({ node }) {
      if (node.type.isError) throw new Error(`PromQL: ${text(node)} in ${expr}`);
      const by = (replacement: string) => cuts.push([node.from, node.to, replacement]);
      const { firstChild: first, lastChild: last } = node;
      if (first === null || last === null) return;
      if (node.name === 'BinaryExpr') {
        const operator = first.nextSibling?.name ?? '';
        if (SETS.has(operator) || COMPARISONS.has(operator)) by(text(first));
        if (operator === 'Or') by(text(last));
      }
      if (node.name === 'OffsetExpr') by(text(first));
      if (node.name === 'LabelMatchers') by('');
      if (node.name === 'FunctionCall') {
        const argument = last.getChild('Expr') ?? last.firstChild?.nextSibling ?? last.firstChild;
        const inner = argument ? text(argument) : '';
        if (text(first) === 'last_over_time') by(inner.replace(/\[\w+\]/, ''));
        if (text(first) === 'label_replace' || text(first) === 'clamp_min') by(inner);
      }
    },
  });
  return cuts;
}
