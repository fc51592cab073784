import t from 'tap';
import { startCosts } from '../../helper.ts';
import { home } from './page.ts';

t.test('before the first collection has ended', async (t) => {
  const exporter = await startCosts(t, {
    before: (sim) => sim.faults.add({ kind: 'hang' }),
    settle: false,
  });
  const { words, bars } = await home(exporter);
  t.match(words, 'collecting for the first time');
  t.match(words, 'The first collection is under way. Reload the page in a moment.');
  t.match(words, 'Last success: none yet');
  t.match(words, 'account not known yet');
  t.strictSame(bars, []);
  t.notMatch(words.replace(/.*own spend today.*/, ''), /\$0/, 'no false zero');
});

t.test('a collection that failed says why and what to do; kept figures stay', async (t) => {
  const exporter = await startCosts(t, {
    before: (sim) => sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage' }),
  });
  const advice = 'AWS denied ce:GetCostAndUsage. Allow the IAM action ce:GetCostAndUsage';
  const failed = await home(exporter);
  t.match(failed.words, '✕ 1 of 2 collectors failed');
  t.match(failed.words, 'No figures yet. AWS denied ce:GetCostAndUsage.');
  t.match(failed.words, advice);
  t.strictSame(failed.bars, []);

  exporter.sim.faults.clear();
  await exporter.run('cost');
  t.match((await home(exporter)).words, '✓ all is well', 'recovered');

  exporter.sim.faults.add({ kind: 'deny', operation: 'GetCostAndUsage' });
  exporter.clock.advance(3_600_000);
  await exporter.run('cost');
  const stale = await home(exporter);
  t.match(stale.words, '✕ 1 of 2 collectors failed');
  t.match(stale.words, advice);
  t.match(stale.words, /\ncost ✕ failed ! figures are old\n/);
  t.match(stale.words, 'Collected 1 hour ago.');
  t.equal(stale.bars.length, 31, 'the kept figures stay');
});

t.test('figures that are old though nothing failed', async (t) => {
  const exporter = await startCosts(t);
  exporter.clock.advance(2 * 3_600_000 + 1);
  const { words } = await home(exporter);
  t.match(words, '! 2 of 2 collectors to look at');
  t.match(words, 'Last success: 2 hours ago');
});

t.test('figures whose period has ended are not shown as zero', async (t) => {
  const exporter = await startCosts(t);
  exporter.clock.set('2026-12-02T08:00:00Z');
  exporter.sim.faults.add({ kind: 'deny' });
  for (const collector of ['cost', 'forecast']) await exporter.run(collector);
  const { words, bars } = await home(exporter);
  t.match(words, '\nMonth to date\nno figureDecember 2026\n');
  t.match(words, '\nToday so far\nno figureWed 2 Dec, UTC\n');
  t.match(words, '\nForecast\nno figureall of December 2026\n');
  t.match(words, '\nTue 1 Dec\nno figure\n');
  t.equal(bars.length, 21, 'the days that the kept rows cover');
});

t.test('where AWS has no data, and where Cost Explorer is not enabled', async (t) => {
  const noData = await startCosts(t, {
    before: (sim) =>
      sim.faults.add({
        kind: 'error',
        type: 'DataUnavailableException',
        message: 'none',
        operation: 'GetCostForecast',
      }),
  });
  const young = await home(noData);
  t.match(young.words, '\nforecast ○ no data yet\n');
  t.match(young.words, '\nForecast\nno figureall of November 2026\n');
  t.equal(young.bars.length, 31);
  t.match(young.words, '✓ all is well', 'nothing failed');

  const message = 'User not enabled for cost explorer access';
  const notEnabled = await startCosts(t, {
    before: (sim) =>
      sim.faults.add({ kind: 'error', type: 'AccessDeniedException', message, operation: 'GetCostAndUsage' }),
  });
  const { words } = await home(notEnabled);
  const { cause } = await notEnabled.collector('cost');
  t.match(words, '\ncost ○ not enabled\n');
  t.ok(
    words.includes(`No figures yet. ${cause?.message}`) && words.includes(cause?.advice ?? '?'),
    'why, and what to do',
  );
});

t.test('without credentials', async (t) => {
  const credentials = async () => {
    throw Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
  };
  const { words } = await home(await startCosts(t, { app: { credentials } }));
  t.match(words, '\ncost ! no credentials\n');
  t.match(words, '! 2 of 2 collectors to look at');
  t.equal(words.split('Give the process credentials').length - 1, 1, 'what all lack is told once');
  t.match(words, '\nThe same as for cost.\n');
});

t.test('cost alone: no forecast is spoken of', async (t) => {
  const { text, words } = await home(await startCosts(t, { env: { CAPABILITIES: 'cost' } }));
  t.notMatch(words, /forecast/i);
  t.notMatch(text, 'cost/forecast');
});
