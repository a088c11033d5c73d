package socketeer.bench.codec;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Frames of 64 bytes, 500 a chunk: time and, with {@code -prof gc}, bytes allocated, for one of them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(ContendersKt.FRAMES)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {
    @Param({"lines", "int32", "varint", "resp"})
    public String framing;

    @Param({"ours", "netty", "nettyKept", "hand"})
    public String who;

    @Param({"decode", "encode"})
    public String what;

    private Contender contender;

    @Setup
    public void setup() {
        contender = ContendersKt.contender(framing, who, what);
    }

    @Benchmark
    public int frames() {
        return contender.run();
    }
}
