import { NOTHING, Replica, type ReplicaOptions } from './replica.ts';
import type { Shown } from './shown.ts';

/** How long a killed replica stays down, in milliseconds. */
export const DOWN_MS = 10_000;
/** Another replica goes on in this time at the latest, in milliseconds. */
const TAKEOVER_MS = 15_000;

/** How often leases are renewed on their own clock, in milliseconds. */
const BEAT_MS = 2_000;

/** Some replicas of one exporter, and what the one that exposes shows. */
export class Fleet {
  readonly #replicas: readonly Replica[];
  readonly #options: ReplicaOptions;
  #holder: Replica | undefined;
  #exposer: Replica | undefined;
  /** Until when every replica looks for a free lease at every step. */
  #alertUntil = 0;
  #widelyAt = 0;
  #beatenAt = 0;
  #news: readonly unknown[] = [];
  #shown: Shown = NOTHING;
  #exposedMs = 0;
  #crashes = 0;

  constructor(count: number, options: ReplicaOptions) {
    this.#options = options;
    this.#replicas = Array.from({ length: count }, () => new Replica(options));
  }

  get shown(): Shown {
    return this.#shown;
  }

  /** Time in which some replica exposed cost. */
  get exposedMs(): number {
    return this.#exposedMs;
  }

  /** Paid pages a day that `plan` foretells. */
  get planned(): number {
    return this.#replicas.find(({ isUp }) => isUp)?.planned ?? Number.NaN;
  }

  get crashes(): number {
    return this.#crashes;
  }

  async start(): Promise<void> {
    for (const replica of this.#replicas) await replica.start();
    this.#find();
    await this.look();
  }

  /** Kills the replica that buys, or the one that exposes, and starts it again a little later. */
  crash(): void {
    const { time } = this.#options;
    const victim = this.#crashes % 2 === 0 ? this.#holder : this.#exposer;
    if (victim === undefined) return;
    this.#crashes++;
    victim.kill();
    const now = time.now();
    this.#alertUntil = now + TAKEOVER_MS;
    time.at(now + DOWN_MS, () => victim.start());
    for (let ms = 1_000; ms <= TAKEOVER_MS; ms += 1_000) time.at(now + ms, () => {});
  }

  async newDay(): Promise<void> {
    for (const replica of this.#replicas) await replica.newDay();
  }

  /**
   * Renews the leases after the clock has moved. Who has none looks only where there may be something to take, and once an
   * hour.
   */
  async beat(): Promise<void> {
    const { time } = this.#options;
    const alert = time.now() <= this.#alertUntil;
    if (!alert && time.leaseNow() - this.#beatenAt < BEAT_MS && time.now() < this.#widelyAt) return;
    this.#beatenAt = time.leaseNow();
    await this.#holder?.beat();
    if (this.#exposer !== this.#holder) await this.#exposer?.beat();
    if (alert || time.now() >= this.#widelyAt) {
      this.#widelyAt = time.now() + 3_600_000;
      for (const replica of this.#replicas) {
        if (replica !== this.#holder && replica !== this.#exposer) await replica.beat();
      }
    }
    this.#find();
  }

  /** Reads what is shown, once the news of the last event have come; true where it is not what was shown before. */
  async look(): Promise<boolean> {
    this.#find();
    const news = this.#holder?.publications() ?? [];
    const isNew = news.some((publication, index) => publication !== this.#news[index]);
    this.#news = news;
    if (isNew && this.#exposer !== this.#holder) await this.#exposer?.beat();
    const before = this.#shown;
    this.#shown = (await this.#exposer?.look()) ?? NOTHING;
    return this.#shown !== before;
  }

  /** So much time goes by. */
  pass(ms: number): void {
    if (this.#shown.cost !== undefined) this.#exposedMs += ms;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
  }

  #find(): void {
    const exposers = this.#replicas.filter(({ exposes }) => exposes);
    if (exposers.length > 1) throw new Error(`${exposers.length} replicas expose`);
    this.#holder = this.#replicas.find(({ holds }) => holds);
    this.#exposer = exposers[0];
  }
}
