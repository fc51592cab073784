import assert from 'node:assert/strict';
import { eventually } from '../servers/process.ts';
import { type Change, changed } from './bill.ts';
import { FAULTS, type Fault, type FaultName } from './faults.ts';
import { documentOf, type Figures, Model, metricsOf, type Shown, type Version } from './model.ts';
import type { Look, World } from './world.ts';

/** How often something happened, by name. */
export type Tally = Map<string, number>;

/** What has been asked of AWS since a moment. */
interface Mark {
  readonly spoilt: number;
  /** Whether the bill was asked for. */
  asked(): boolean;
  /** Whether a fault of this kind has met a request. */
  fault(kind: string): boolean;
}

/** One exporter under test, and what the model believes of it. */
export class Trial {
  readonly #world: World;
  readonly #model = new Model();
  readonly #tally: Tally;
  /** What AWS does wrong now. */
  #fault: (Fault & { readonly name: FaultName }) | undefined;
  #spoilt = 0;
  /** The day of the last attempt, where that failed; after a restart nobody can be sure that it is known. */
  #failedOn: { readonly day: string; readonly surely: boolean } | undefined;
  /** The store works, and has since the last start. */
  #sound = true;
  #down = false;
  /** Runs come that nobody has called for: a target is taken over anew. */
  #restless = false;

  constructor(world: World, tally: Tally) {
    this.#world = world;
    this.#tally = tally;
  }

  count(name: string): void {
    this.#tally.set(name, (this.#tally.get(name) ?? 0) + 1);
  }

  get #version(): Version {
    return { bill: this.#world.bill, day: this.#world.today };
  }

  /** The first start, and each after. */
  async start(): Promise<void> {
    const { store } = this.#world;
    if (store.kind === 'memory') this.#model.loses(true);
    this.#model.restarts(this.#version);
    if (store.kind === 'redis' && this.#down) this.#model.may = [undefined];
    this.#sound = !this.#down;
    this.#restless = store.kind === 'redis' && this.#down;
    if (this.#failedOn) this.#failedOn = { ...this.#failedOn, surely: false };
    const found = this.#model.may.includes(undefined) ? undefined : this.#model.may;
    const mark = this.#mark();
    await this.#world.start();
    if (store.kind === 'redis' && !this.#down) await this.#held();
    await this.#world.quiet();
    // Of two first runs, before and after the target is taken over, the one that is passed over ends first.
    if (mark.asked()) await this.#world.attempted();
    if (found && !mark.asked()) this.count('kept figures shown by a start that bought nothing');
    if (this.#failed(mark)) {
      this.#failedOn = { day: this.#world.today, surely: false };
      if (found) this.count('kept figures shown by a start whose purchase failed');
    } else if (mark.asked()) this.#succeeded();
  }

  async change(change: Change): Promise<void> {
    // One probe sees only days whose total moves.
    if (change.kind === 'move' && this.#world.manner.detects && this.#world.manner.paged) return;
    this.#setBill(change);
    this.count(`bill: ${change.kind}`);
  }

  #setBill(change: Change): void {
    this.#world.setBill(changed(this.#world.bill, change, this.#world.today));
    this.#model.changes(this.#version);
  }

  breakAws(name: FaultName): void {
    this.mendAws();
    const fault = FAULTS[name](() => {
      this.#spoilt++;
      this.count(`fault: ${name}`);
    });
    this.#fault = { ...fault, name };
    this.#world.sim.faults.add(fault.rule);
  }

  mendAws(): void {
    this.#world.sim.faults.clear();
    this.#fault = undefined;
  }

  /** One collection that is called for, and whatever happens while AWS answers it. */
  async collect(meanwhile: { change: Change | undefined; look: Look } | undefined): Promise<void> {
    const world = this.#world;
    this.#model.begins(this.#version);
    const mark = this.#mark();
    const looks: Promise<unknown>[] = [];
    if (meanwhile !== undefined && this.#fault === undefined) {
      const { change, look } = meanwhile;
      const before = this.#model.may;
      world.sim.faults.add({
        kind: 'mutate',
        operation: 'GetCostAndUsage',
        times: 1,
        mutate: (body) => {
          // A probe and the pages after it are of two moments: of a bill that moves in between the next probe knows.
          if (change !== undefined && !world.manner.detects) this.#setBill(change);
          const may = () => [...before, ...this.#model.may, ...this.#model.since];
          looks.push(this.#lookAt(look, may).catch((error: unknown) => error));
          this.count('looked at in the middle of a collection');
          return body;
        },
      });
    }
    const kind = await this.#run();
    if (meanwhile !== undefined && this.#fault === undefined) world.sim.faults.clear();
    for (const error of await Promise.all(looks)) if (error) throw error;
    const failed = this.#failed(mark);
    if (kind === 'collected') {
      assert.ok(!failed, `collected in spite of: ${this.#fault?.name}`);
      this.#succeeded();
      this.count(world.manner.detects ? 'collected, with change detection' : 'collected');
    } else if (kind === 'failed') {
      assert.ok(failed, 'a collection failed though nothing was wrong');
      this.#failedOn = { day: world.today, surely: true };
      this.count('failed');
    } else assert.ok(this.#restless && !world.holds, `${kind}, though nothing was bought`);
  }

  async #run(): Promise<string> {
    if (!this.#restless) return this.#world.collect();
    // Another run may be under way.
    return eventually('it is run', async () => {
      const kind = await this.#world.collect();
      return kind === 'skipped' && this.#world.holds ? undefined : kind;
    });
  }

  /** AWS does not answer, and the process ends. */
  async hang(kill: boolean): Promise<void> {
    const { sim } = this.#world;
    const fault = this.#fault?.name;
    this.mendAws();
    sim.faults.add({ kind: 'hang', operation: 'GetCostAndUsage' });
    const mark = this.#mark();
    const hanging = this.#world.collect();
    await eventually('AWS hangs', () =>
      mark.fault('hang') || (this.#restless && !this.#world.holds) ? true : undefined,
    );
    if (mark.fault('hang')) this.count('fault: hang');
    await this.look('REST');
    await this.look({ format: 'text', encoding: 'gzip' });
    sim.faults.clear();
    if (fault) this.breakAws(fault);
    await this.restart(kill);
    await hanging;
  }

  async restart(kill: boolean): Promise<void> {
    await (kill ? this.#world.kill() : this.#world.stop());
    this.count(kill ? 'killed' : 'stopped');
    await this.start();
  }

  async pass(hours: number): Promise<void> {
    const month = this.#world.today.slice(0, 7);
    await this.#world.pass(hours);
    if (this.#world.today.slice(0, 7) !== month) this.count('a month has ended');
  }

  async storeDown(): Promise<void> {
    if (this.#world.store.kind === 'memory') return;
    await this.#world.store.down();
    this.#down = true;
    if (this.#world.store.kind === 'disk') this.#model.loses(this.#sound);
    this.#unsound();
    await this.#world.beat();
    this.count('store down');
  }

  async storeUp(): Promise<void> {
    if (!this.#down) return;
    await this.#world.store.up();
    this.#down = false;
    this.#unsound();
    if (this.#world.store.kind === 'redis') {
      await this.#held();
      await this.#world.quiet();
      this.#model.finds();
    }
    this.count('store up again');
  }

  async storeEmptied(): Promise<void> {
    if (this.#world.store.kind === 'memory') return;
    await this.#world.store.empty();
    // What could not be written is written later.
    this.#model.loses(this.#world.store.kind === 'disk' && this.#sound);
    this.#unsound();
    await this.#world.beat();
    this.count('store emptied');
  }

  #unsound(): void {
    this.#sound = false;
    if (this.#world.store.kind === 'redis') this.#restless = true;
  }

  /** Waits until the leases are this exporter's: another one's are over by then. */
  async #held(): Promise<void> {
    await eventually('it holds its leases', async () => {
      await this.#world.leaseTimePasses();
      return this.#world.holds && this.#world.exposes ? true : undefined;
    });
  }

  /** Looks at one page: what it shows must be what may be there. */
  look(at: Look): Promise<void> {
    if (this.#restless || this.#world.isOld) {
      this.#model.changes(this.#version);
      this.#model.mayHaveSucceeded();
    }
    return this.#lookAt(at, () => this.#model.may);
  }

  async #lookAt(at: Look, may: () => readonly Shown[]): Promise<void> {
    const before = may();
    const shown = await this.#world.look(at);
    const { today } = this.#world;
    const unsure = this.#restless || this.#world.isOld;
    const failed = this.#failedOn?.day === today;
    const failedToday = unsure || (failed && !this.#failedOn?.surely) ? [true, false] : [failed];
    const figuresOf = at === 'REST' ? documentOf : metricsOf;
    const versions = [...new Set([...before, ...may()])];
    const differences = versions.flatMap((version) =>
      failedToday.map((one) => differenceOf(shown, version && figuresOf(version, today, one))),
    );
    this.count(shown === undefined ? 'looked: nothing is shown' : 'looked: figures are shown');
    if (failed && shown && !shown.has('monthToDate') && at === 'REST')
      this.count('looked: a figure has ended');
    assert.ok(
      differences.some((one) => one === undefined),
      `${JSON.stringify(at)}: ${[...new Set(differences)].join('; or ')}; ${this.#world}`,
    );
  }

  #succeeded(): void {
    this.#model.succeeds(this.#sound && !this.#down);
    this.#failedOn = undefined;
  }

  /** Whether what is wrong with AWS has met a request since. */
  #failed(mark: Mark): boolean {
    if (this.#fault === undefined) return false;
    const { kind } = this.#fault.rule;
    const met = kind === 'mutate' ? this.#spoilt > mark.spoilt : mark.fault(kind);
    if (met && kind !== 'mutate') this.count(`fault: ${this.#fault.name}`);
    return met && this.#fault.fatal;
  }

  /** What AWS is asked from now on. */
  #mark(): Mark {
    const { requests } = this.#world.sim;
    const from = requests.length;
    const since = () => requests.slice(from);
    return {
      spoilt: this.#spoilt,
      asked: () => since().some(({ operation }) => operation === 'GetCostAndUsage'),
      fault: (kind: string) => since().some(({ fault }) => fault === kind),
    };
  }
}

/** The first difference between what is shown and what would be right, in words; undefined where there is none. */
function differenceOf(shown: Figures | undefined, right: Figures | undefined): string | undefined {
  if (shown === undefined || right === undefined) {
    return shown === right ? undefined : shown ? 'figures, not none' : 'no figures';
  }
  for (const name of new Set([...shown.keys(), ...right.keys()])) {
    if (shown.get(name) !== right.get(name)) return `${name}: ${shown.get(name)}, not ${right.get(name)}`;
  }
  return undefined;
}
