// The same work in Kafka Streams at its best: one thread, stores in memory, no cache, a warm JVM, Avro read by hand.
//
// Usage: java Peer BOOTSTRAP TOPIC EVENTS ENROLMENT_ID WARM_UP_ROUNDS RESULT
//
// A versioned upsert by key (processor API, store with changelog) forwards -1 for the old cell and +1 for the new one;
// groupByKey and aggregate sum them behind a repartition topic, as KTable.groupBy().count() does, but only when a
// contribution really changed. At least once, committed every second.

import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Properties;
import java.util.StringJoiner;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

public final class Peer {
    static volatile long seen, sent, summed, began, spent;
    static int enrolment;

    /** Reads Avro's binary encoding, front to back. */
    static final class Reader {
        final byte[] data;
        int at;

        Reader(byte[] data, int at) {
            this.data = data;
            this.at = at;
        }

        long integer() {
            long n = 0;
            for (int shift = 0; ; shift += 7) {
                byte b = data[at++];
                n |= (long) (b & 127) << shift;
                if (b >= 0) {
                    return (n >>> 1) ^ -(n & 1);
                }
            }
        }

        String text() {
            int length = (int) integer();
            String text = new String(data, at, length, StandardCharsets.UTF_8);
            at += length;
            return text;
        }

        void pass() {
            int length = (int) integer();
            at += length;
        }

        boolean some() {
            return integer() == 1;
        }
    }

    static final class Upsert implements Processor<byte[], byte[], String, Integer> {
        private ProcessorContext<String, Integer> context;
        private KeyValueStore<String, String> places, people;

        @Override
        public void init(ProcessorContext<String, Integer> context) {
            this.context = context;
            places = context.getStateStore("places");
            people = context.getStateStore("people");
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            if (seen == 0) {
                began = System.nanoTime();
                spent = processor();
            }
            Reader in = new Reader(record.value(), 5);
            byte[] head = record.value();
            int id = (head[1] & 255) << 24 | (head[2] & 255) << 16 | (head[3] & 255) << 8 | head[4] & 255;
            if (id == enrolment) {
                enrolment(record, in);
            } else {
                session(in);
            }
            seen = seen + 1;
        }

        private void session(Reader in) {
            String key = in.text();
            in.pass();
            in.pass();
            long version = in.integer();
            String held = places.get(key);
            if (held != null && Long.parseLong(held.substring(0, held.indexOf(' '))) >= version) {
                return;
            }
            in.integer();
            in.at++;
            if (in.some()) {
                in.pass();
            }
            if (in.some() || !in.some() || !in.some()) {
                throw new IllegalStateException("a provider, or no place or commune: not in these events");
            }
            String commune = in.text();
            for (int i = 0; i < 3; i++) { // vintage, postcode, label
                if (in.some()) {
                    in.pass();
                }
            }
            for (int i = 0; i < 2; i++) { // latitude, longitude
                if (in.some()) {
                    in.at += 8;
                }
            }
            if (!in.some() || in.integer() < 1) {
                throw new IllegalStateException("no trade: not in these events");
            }
            places.put(key, version + " " + commune + "|rome:" + in.text() + "|");
        }

        private void enrolment(Record<byte[], byte[]> record, Reader in) {
            String session = in.text();
            in.pass();
            String key = session + "|" + in.text() + "|" + in.text();
            long version = in.integer();
            String held = people.get(key);
            int split = held == null ? 0 : held.indexOf(' ');
            if (held != null && Long.parseLong(held.substring(0, split)) >= version) {
                return;
            }
            in.integer();
            in.at++;
            if (in.some()) {
                in.integer(); // status
            }
            if (in.some()) {
                in.integer(); // planned start
            }
            long planned = in.some() ? in.integer() : 0;
            long day = in.some() ? in.integer() : planned;
            String place = places.get(session);
            String cell = place.substring(place.indexOf(' ') + 1) + LocalDate.ofEpochDay(day);
            people.put(key, version + " " + cell);
            String old = held == null ? null : held.substring(split + 1);
            if (cell.equals(old)) {
                return;
            }
            if (old != null) {
                sent = sent + 1;
                context.forward(record.withKey(old).withValue(-1));
            }
            sent = sent + 1;
            context.forward(record.withKey(cell).withValue(1));
        }
    }

    static long processor() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    static KafkaStreams build(String bootstrap, String topic, Path folder, String name) {
        StreamsBuilder builder = new StreamsBuilder();
        for (String store : new String[] {"places", "people"}) {
            builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.inMemoryKeyValueStore(store), Serdes.String(), Serdes.String()));
        }
        builder.stream(topic, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .process(Upsert::new, "places", "people")
            .groupByKey(Grouped.with(Serdes.String(), Serdes.Integer()))
            .aggregate(() -> 0, (cell, n, sum) -> {
                summed = summed + 1;
                return sum + n;
            }, Materialized.<String, Integer>as(Stores.inMemoryKeyValueStore("cells"))
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.Integer()));
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, name);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), 10000);
        settings.put(StreamsConfig.consumerPrefix("max.partition.fetch.bytes"), 4 << 20);
        settings.put(StreamsConfig.producerPrefix("compression.type"), "lz4");
        settings.put(StreamsConfig.producerPrefix("batch.size"), 256 << 10);
        settings.put(StreamsConfig.producerPrefix("linger.ms"), 50);
        return new KafkaStreams(builder.build(), settings);
    }

    public static void main(String[] args) throws Exception {
        long events = Long.parseLong(args[2]);
        enrolment = Integer.parseInt(args[3]);
        int rounds = Integer.parseInt(args[4]);
        for (int round = 0; round <= rounds; round++) {
            seen = sent = summed = 0;
            Path folder = Files.createTempDirectory("kafka-streams");
            KafkaStreams streams = build(args[0], args[1], folder, "streams-" + ProcessHandle.current().pid() + "-" + round);
            streams.setUncaughtExceptionHandler(error -> {
                error.printStackTrace();
                System.exit(1);
                return null;
            });
            streams.start();
            while (seen < events || summed < sent) {
                Thread.sleep(5);
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            double processor = (processor() - spent) / 1e9;
            if (round == rounds) {
                Files.writeString(Path.of(args[5]), result(streams, events, seconds, processor));
            }
            streams.close(Duration.ofSeconds(20));
            streams.cleanUp();
        }
    }

    static String result(KafkaStreams streams, long events, double seconds, double processor) {
        StringJoiner cells = new StringJoiner(",", "{", "}");
        var store = streams.store(StoreQueryParameters.fromNameAndType("cells", QueryableStoreTypes.<String, Integer>keyValueStore()));
        try (KeyValueIterator<String, Integer> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, Integer> one = all.next();
                if (one.value != 0) {
                    cells.add("\"" + one.key + "\":" + one.value);
                }
            }
        }
        return "{\"events\":" + events + ",\"seconds\":" + seconds + ",\"processor\":" + processor + ",\"cells\":" + cells + "}";
    }
}
