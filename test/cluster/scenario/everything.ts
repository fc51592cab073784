import type { Values } from './release.ts';

/** Replicas of the installation with everything on. */
export const REPLICAS = 3;

/** Everything that the chart can switch on at once, its scrapes every second so that a gap can be seen. */
export const EVERYTHING: Values = {
  replicas: REPLICAS,
  commonLabels: { team: 'finops' },
  config: { LOG_LEVEL: 'debug', COST_WINDOW_DAYS: 30 },
  targets: [{ name: 'payer', regions: ['us-east-1', 'eu-central-1'] }],
  redis: { bundled: { enabled: true } },
  networkPolicy: { enabled: true },
  ingress: { enabled: true, hosts: ['costs.example.com'], path: '/costs' },
  serviceMonitor: {
    enabled: true,
    interval: '1s',
    scrapeTimeout: '1s',
    targetLabels: ['team'],
    metricRelabelings: [{ action: 'labeldrop', regex: 'no_such_label' }],
    sampleLimit: 100_000,
  },
  podAnnotations: { 'example.com/note': 'yes' },
  extraEnv: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=256' }],
  extraVolumes: [{ name: 'scratch', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
};
