import type { Mutation } from '../mutants/copy.ts';

/** What the model-based test is to find. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a page is swapped in torn: one family is new, the others are as before',
    file: 'src/collection/publisher.ts',
    find: 'new Map(written.map((state) => [keyOf(state), publications.get(keyOf(state))?.parts ?? []])),',
    replace:
      'new Map(written.map((state) => [keyOf(state), (publications.get(keyOf(state))?.parts ?? []).map((part, at) => (at === 0 ? part : (this.#publications.get(keyOf(state))?.parts[at] ?? part)))])),',
    rows: ['model/memory'],
  },
  {
    name: 'REST goes on with what it had',
    file: 'src/collection/publisher.ts',
    find: 'else publications.set(keyOf(state), publication);',
    replace:
      'else publications.set(keyOf(state), { ...publication, presented: this.#publications.get(keyOf(state))?.presented ?? publication.presented });',
    rows: ['model/memory'],
  },
  {
    name: 'a day that was restated keeps its old figures',
    file: 'plugins/cost/merge.ts',
    find: 'const source = anew ?? kept;',
    replace: 'const source = rowsOf.get(kept)?.has(date) ? kept : (anew ?? kept);',
    rows: ['model/memory'],
  },
  {
    name: 'the probe finds no day moved',
    file: 'plugins/cost/moved.ts',
    find: 'if (differs || before?.settled === false',
    replace: 'if (before?.settled === false',
    rows: ['model/memory'],
  },
  {
    name: 'a bill of one page is taken for unchanged',
    file: 'plugins/cost/collect.ts',
    find: ' && isSameBill(previous.data, whole.data);',
    replace: ';',
    rows: ['model/memory'],
  },
  {
    name: 'the first day of the month is dropped',
    file: 'src/collection/periods.ts',
    find: `\${day.slice(0, 7)}-01`,
    replace: `\${day.slice(0, 7)}-02`,
    rows: ['model/memory'],
  },
  {
    name: 'the first page is taken for the whole',
    file: 'src/aws/pages.ts',
    find: 'if (next === undefined) return;',
    replace: 'if (next === undefined || count === 0) return;',
    rows: ['model/memory'],
  },
  {
    name: 'a later page that fails is done without',
    file: 'src/aws/pages.ts',
    find: 'const page = await send(next === undefined ? request : { ...request, [token]: next });',
    replace:
      'const page = await send(next === undefined ? request : { ...request, [token]: next }).catch((error) => { if (count === 0) throw error; return {} as Page; });\n    if (count > 0 && Object.keys(page).length === 0) return;',
    rows: ['model/memory'],
  },
  {
    name: 'a day that the answer lacks is passed over',
    file: 'plugins/cost/query.ts',
    find: 'if (day !== today && !this.#builder.has(day)) throw',
    replace: "if (day === '') throw",
    rows: ['model/memory'],
  },
  {
    name: 'a second currency is added to the first',
    file: 'src/aws/cost-and-usage.ts',
    find: 'if (metric.Unit !== this.#currency)',
    replace: 'if (metric.Unit === undefined)',
    rows: ['model/memory'],
  },
  {
    name: 'a group that comes twice is added up',
    file: 'src/aws/cost-and-usage.ts',
    find: "else if (seen.size === seen.add(second).size) throw invalidResponse('a group comes twice');",
    replace: 'else seen.add(second);',
    rows: ['model/memory'],
  },
  {
    name: 'a failure takes the figures away',
    file: 'src/collection/keeper.ts',
    find: "if (error.code === 'wrong_account' ||",
    replace: "if (failed || error.code === 'wrong_account' ||",
    rows: ['model/memory'],
  },
  {
    name: 'what has ended is not withdrawn when an attempt has failed',
    file: 'src/collection/state.ts',
    find: 'if (emptyHandedAt === undefined || kept === undefined) return false;',
    replace: 'if (emptyHandedAt === undefined || kept === undefined || now > 0) return false;',
    rows: ['model/memory'],
  },
  {
    name: 'midnight publishes nothing anew',
    file: 'src/collection/keeper.ts',
    find: 'await this.#publish(states.filter(({ kept }) => kept !== undefined));',
    replace: 'await this.#publish(states.filter(({ kept }) => kept === undefined));',
    rows: ['model/memory'],
  },
  {
    name: 'a sum with a day that was never asked for is shown all the same',
    file: 'plugins/cost/model.ts',
    find: 'return covered ? asked.flatMap((day) => days.get(day) ?? []) : undefined;',
    replace: 'return covered || true ? asked.flatMap((day) => days.get(day) ?? []) : undefined;',
    rows: ['model/memory'],
  },
  {
    name: 'what is kept is not shown at a start',
    file: 'src/collection/keeper.ts',
    find: 'await this.#publish(restored);',
    replace: '',
    rows: ['model/disk', 'model/redis'],
  },
  {
    name: 'of a snapshot only the first version is written',
    file: 'src/disk/disk-store.ts',
    find: "this.#unwritten.set(fileOf('snapshot', entry), () => encode(kept));",
    replace:
      "if (!Reflect.has(entry, 'once')) this.#unwritten.set(fileOf('snapshot', entry), () => encode(kept));\n    Reflect.set(entry, 'once', true);",
    rows: ['model/disk'],
  },
  {
    name: 'a snapshot reaches Redis with the next one',
    file: 'src/collection/redis-store.ts',
    find: "return this.#put({ collector, target, kept, standing, own: true, dirty: 'snapshot', text });",
    replace:
      "const last = this.#entries.get(snapshotId(collector, target))?.kept ?? kept;\n    return this.#put({ collector, target, kept: last, standing, own: true, dirty: 'snapshot', text });",
    rows: ['model/redis'],
  },
];
