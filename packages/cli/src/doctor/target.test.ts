import { describe, expect, it } from 'vitest';
import { formatTarget, parseTarget, TargetError } from './target.js';

describe('a URL', () => {
  it.each([
    ['postgres://db', 'postgres://db:5432'],
    ['postgresql://db/orders?sslmode=require', 'postgresql://db:5432'],
    ['mysql://10.0.0.5', 'mysql://10.0.0.5:3306'],
    ['redis://:6380@cache', 'redis://cache:6379'],
    ['rediss://cache/0', 'rediss://cache:6379'],
    ['amqp://mq/%2f', 'amqp://mq:5672'],
    ['amqps://mq', 'amqps://mq:5671'],
    ['nats://n1', 'nats://n1:4222'],
    ['http://web', 'http://web:80'],
    ['https://web:8443', 'https://web:8443'],
    ['grpc://svc:50051', 'grpc://svc:50051'],
    ['tcp://[::1]:9', 'tcp://[::1]:9'],
    ['TLS://host:443', 'tls://host:443'],
    ['http://web:80', 'http://web:80'],
  ])('%s is %s', (text, target) => {
    expect(formatTarget(parseTarget(text))).toBe(target);
  });

  it.each(['rediss://h', 'amqps://h', 'https://h', 'tls://h:1'])('%s is TLS from the first byte on', (text) => {
    expect(parseTarget(text).tls).toBe(true);
  });

  it.each(['postgres://h', 'mysql://h', 'redis://h', 'amqp://h', 'nats://h', 'http://h', 'grpc://h:1', 'tcp://h:1'])(
    '%s is not',
    (text) => {
      expect(parseTarget(text).tls).toBe(false);
    },
  );

  it('keeps nothing of user and password, whatever is in it', () => {
    for (const text of [
      'postgres://user:secret@db',
      'postgres://user:sec@ret@db',
      'postgres://user:s:e:c@db:5432',
      'redis://:secret@db',
    ]) {
      expect(JSON.stringify(parseTarget(text))).not.toMatch(/user|sec/);
    }
  });

  it.each([
    ['db:5432', /begins with one of postgres:\/\/, /],
    ['oracle://db', /begins with one of/],
    ['postgres://', /no host/],
    ['postgres://user:secret@', /no host/],
    ['tcp://host', /no port of its own; write tcp:\/\/host:port/],
    ['grpc://host', /no port of its own/],
    ['tcp://host:0', /no port 0/],
    ['tcp://host:99999', /can’t be read/],
    ['postgres://%2Fvar%2Frun/db', /Unix socket/],
    ['postgres://a,b/db', /several hosts/],
    ['postgres://user:123#secret@db', /write \/ \? # as/],
    ['postgres://user:123/secret@db/x', /write \/ \? # as/],
    ['postgres://user:p@a:12?secret@db', /write \/ \? # as/],
    ['postgres://user:secret x@d b', /can’t be read/],
  ])('%j is refused, and says why without repeating it', (text, why) => {
    let message = '';
    try {
      parseTarget(text);
    } catch (error) {
      expect(error).toBeInstanceOf(TargetError);
      message = (error as Error).message;
    }
    expect(message).toMatch(why);
    expect(message).not.toMatch(/secret|user:|123/);
  });
});
