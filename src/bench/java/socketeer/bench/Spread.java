package socketeer.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Several measurements of one thing: the middle one, and how far apart they lie. */
record Spread(double min, double median, double max) {
    /** What is no number failed, and is left out. */
    static Spread of(double... values) {
        double[] sorted = Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
        if (sorted.length == 0) return new Spread(Double.NaN, Double.NaN, Double.NaN);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted[0], median, sorted[sorted.length - 1]);
    }

    static Spread of(List<Double> values) {
        return of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Round by round: what disturbed a round disturbed both. */
    static Spread ofRatios(List<Double> of, List<Double> to) {
        int rounds = Math.min(of.size(), to.size());
        return of(IntStream.range(0, rounds).mapToDouble(i -> of.get(i) / to.get(i)).toArray());
    }

    @Override
    public String toString() {
        if (Double.isNaN(median)) return "failed";
        return String.format(Locale.ROOT, "%.2f (%.2f–%.2f)", median, min, max);
    }
}
