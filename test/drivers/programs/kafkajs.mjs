import { Kafka, logLevel } from 'kafkajs';

export function open({ listener: { host, port } }) {
  const kafka = new Kafka({ brokers: [`${host}:${port}`], logLevel: logLevel.NOTHING });
  kafka
    .producer()
    .connect()
    .catch(() => {});
}
