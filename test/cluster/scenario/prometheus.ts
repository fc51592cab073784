/** One series of an instant query's answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus says of a target. */
export interface Target {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What Prometheus says of a rule. */
export interface Rule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** A running Prometheus, by its API. */
export class Prometheus {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async #get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error ?? response.status}`);
    return answer.data;
  }

  /** An instant query for a vector. @throws Error with Prometheus' own words. */
  async query(promql: string): Promise<Sample[]> {
    type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
    const { result } = await this.#get<Vector>(`query?${new URLSearchParams({ query: promql })}`);
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** The value of a query's one series; undefined where it has none. */
  async value(promql: string): Promise<number | undefined> {
    const answer = await this.query(promql);
    if (answer.length > 1) throw new Error(`${promql}: ${answer.length} series`);
    return answer[0]?.value;
  }

  async targets(): Promise<Target[]> {
    const { activeTargets } = await this.#get<{ activeTargets: Target[] }>('targets?state=active');
    return activeTargets;
  }

  /** The rules of the files whose path has this in it. */
  async rules(file: string): Promise<Rule[]> {
    const { groups } = await this.#get<{ groups: { file: string; rules: Rule[] }[] }>('rules');
    return groups.filter((group) => group.file.includes(file)).flatMap(({ rules }) => rules);
  }

  /** Reads the configuration anew. @throws Error where Prometheus refuses it. */
  async reload(): Promise<void> {
    const response = await fetch(`${this.url}/-/reload`, { method: 'POST' });
    if (!response.ok) throw new Error(`Prometheus: ${await response.text()}`);
  }
}
