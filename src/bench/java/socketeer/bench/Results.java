package socketeer.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** Everything measured, by what it is and by whose it is. */
final class Results {
    /** What a message costs, and what an idle connection holds. */
    enum Cost { SYSTEM_CALLS, USER_INSTRUCTIONS, ALLOCATED, IDLE_HEAP, IDLE_OUTSIDE_HEAP, IDLE_RESIDENT }

    /**
     * A round's.
     *
     * @param rate messages a second, or connections that came and went
     * @param capacity the same a second of the server's processor time, which a slow load or a busy machine won't limit
     */
    record Measured(double rate, double capacity) {
        static final Measured FAILED = new Measured(Double.NaN, Double.NaN);
    }

    private final Map<String, Map<String, List<Measured>>> rounds = new LinkedHashMap<>();
    private final Map<Cost, Map<String, List<Double>>> costs = new LinkedHashMap<>();
    private final Set<String> notes = new LinkedHashSet<>();

    void round(Scenario scenario, Contender contender, Measured measured) {
        add(rounds.computeIfAbsent(scenario.title(), k -> new LinkedHashMap<>()), contender, measured);
    }

    void cost(Cost cost, Contender contender, double value) {
        add(costs.computeIfAbsent(cost, k -> new LinkedHashMap<>()), contender, value);
    }

    /** What a reader of the tables must know: what was skipped or failed, and why. */
    void note(String note) {
        notes.add(note);
    }

    Set<String> notes() {
        return notes;
    }

    /** One value a round, in order. */
    Optional<List<Double>> rounds(Scenario scenario, String contender, ToDoubleFunction<Measured> value) {
        return Optional.ofNullable(rounds.getOrDefault(scenario.title(), Map.of()).get(contender))
            .map(measured -> measured.stream().mapToDouble(value).boxed().toList());
    }

    Optional<Spread> cost(Cost cost, String contender) {
        return Optional.ofNullable(costs.getOrDefault(cost, Map.of()).get(contender)).map(Spread::of);
    }

    private static <T> void add(Map<String, List<T>> to, Contender contender, T value) {
        to.computeIfAbsent(contender.name(), k -> new ArrayList<>()).add(value);
    }
}
