// `helm test`: asks a running release whether it lives, has figures, and is scraped. Ends with 0, or with 1 and a sentence.
import http from 'node:http';
import https from 'node:https';

const { REST_URL, METRICS_URL, MONITOR, MONITOR_LABELS, SCRAPE, USERNAME, PASSWORD } = process.env;
const deadline = Date.now() + Number(process.env.PATIENCE_SECONDS) * 1_000;
/** The certificate is that of the name by which Prometheus asks, and by an authority of yours: it is not checked here. */
const OPTIONS = { agent: false, rejectUnauthorized: false, ...(USERNAME && { auth: `${USERNAME}:${PASSWORD}` }) };
const FIGURE = /^(aws_(?!cost_exporter_)[a-z_]+)\{/gm;
const SCRAPES = /^aws_cost_exporter_scrapes_total ([0-9.e+]+)$/m;

/** One request on a connection of its own: with several replicas each may reach another. */
function ask(url) {
  return new Promise((resolve, reject) => {
    const sent = (url.startsWith('https:') ? https : http).get(url, OPTIONS, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.setTimeout(10_000, () => sent.destroy(new Error('no answer within 10 s')));
    sent.on('error', reject);
  });
}

/** Repeats until `probe` gives no reason any more, or its reason is final; gives back the last reason. */
async function patiently(probe) {
  for (;;) {
    const reason = await probe().catch((error) => ({ sentence: error.message }));
    if (reason === undefined || reason.final || Date.now() > deadline) return reason?.sentence;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

async function health() {
  const { status, text } = await ask(`${REST_URL}/health`);
  if (status !== 200) return { sentence: `${REST_URL}/health answers ${status}` };
  console.log(`Healthy, version ${JSON.parse(text).version}.`);
}

/** How the collectors stand, for people; a state that waiting does not mend is final. */
async function standing() {
  const { status, text } = await ask(`${REST_URL}/ready`);
  if (status !== 200) return { lines: [`${REST_URL}/ready answers ${status}`], final: false };
  const collectors = (JSON.parse(text).targets ?? []).flatMap(({ target, collectors }) =>
    collectors.map((one) => ({ target, ...one })),
  );
  if (collectors.length === 0) return { lines: [`${REST_URL}/ready says nothing about the collectors`], final: false };
  const lines = collectors.map(({ target, collector, state, cause }) => {
    const why = cause ? `: ${cause.message} ${cause.advice}` : '';
    return `${collector} of ${target} is ${state}${why}`;
  });
  return { lines, final: collectors.every(({ state }) => state !== 'pending' && state !== 'ok') };
}

let told = '';
async function figures() {
  const { status, text } = await ask(`${METRICS_URL}/metrics`);
  if (status === 401) {
    const ask = USERNAME ? 'does not take the user of test.userSecret' : 'asks for a user';
    return { sentence: `${METRICS_URL}/metrics ${ask}: write test.userSecret.name, a Secret with username and password of one of basic_auth_users`, final: true };
  }
  if (status !== 200) return { sentence: `${METRICS_URL}/metrics answers ${status}` };
  const families = new Set();
  let series = 0;
  for (const [, family] of text.matchAll(FIGURE)) {
    families.add(family);
    series++;
  }
  if (series > 0) {
    console.log(`${series} series in ${families.size} cost families.`);
    return undefined;
  }
  const { lines, final } = await standing();
  if (lines.join('\n') !== told) console.log(lines.join('\n'));
  told = lines.join('\n');
  return { sentence: `no figures on ${METRICS_URL}/metrics: what stands above says why`, final };
}

async function scraped() {
  const { status, text } = await ask(`${METRICS_URL}/metrics`);
  if (status !== 200) return { sentence: `${METRICS_URL}/metrics answers ${status}`, final: status === 401 };
  const [, count] = SCRAPES.exec(text) ?? [];
  if (count === undefined) {
    return { sentence: 'this image does not count scrapes: write test.scrape: false, or run an image of the chart\'s version', final: true };
  }
  if (Number(count) > 0) {
    console.log('Somebody scrapes /metrics.');
    return undefined;
  }
  if (MONITOR === '') {
    return {
      sentence:
        'nothing scrapes /metrics, and there is no ServiceMonitor or PodMonitor: install the Prometheus Operator and run helm upgrade, or write serviceMonitor.enabled: true; where Prometheus finds the pods in another way, see that it does; test.scrape: false leaves this out',
      final: true,
    };
  }
  return {
    sentence: `nothing has scraped /metrics though there is a ${MONITOR}: no Prometheus selects it, or none reaches the pods. Its labels are ${MONITOR_LABELS}; compare them with serviceMonitorSelector, podMonitorSelector and their namespace selectors in \`kubectl get prometheus -A -o yaml\`, and write the label they want into monitorLabels, e.g. monitorLabels: {release: kube-prometheus-stack}`,
  };
}

const sentences = [];
for (const probe of SCRAPE === 'true' ? [health, figures, scraped] : [health, figures]) {
  const sentence = await patiently(probe);
  if (sentence !== undefined) sentences.push(sentence);
  if (sentence !== undefined && probe === health) break;
}
for (const sentence of sentences) console.error(`FAILED: ${sentence}`);
process.exit(sentences.length > 0 ? 1 : 0);
